/** One account holds and releases a seat in a loop, in every bucket at once: how much memory of Redis it can fill, and for how long. */
import { DEFAULT_LIMITS, ENDED_HOLD_TTL_MS, listBuckets, newBookingId, newShowtimeId, newUserId, type ShowtimeId } from "@holdfast/domain";
import { bookingKey, idempotencyKey } from "@holdfast/seat-store/testing";
import { askRedis, byRunLength } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Answer, type Buyer, idOf, openTestStack, type TestStack, tally } from "./open-test-stack.ts";

/** More than the quota, so that the last ones are refused. */
const ATTEMPTS_PER_BUCKET = byRunLength({ short: 130, long: 300 });
/** The limits in docs/data.md, "What one account can fill". */
const KEYS_MAX = 6_416;
const BYTES_MAX = 4_000_000;
const { holdsPerHourMax, holdTtlMs } = DEFAULT_LIMITS;

let test: TestStack;
beforeAll(async () => {
	test = await openTestStack();
});
afterAll(() => test.close());

/** Holds and releases in a loop, also after a refusal. Resolves to the answers to the holds. */
async function holdAndRelease(buyer: Buyer, showtimeId: ShowtimeId): Promise<Answer[]> {
	const answers: Answer[] = [];
	for (let n = 0; n < ATTEMPTS_PER_BUCKET; n += 1) {
		const answer = await buyer.hold(showtimeId, ["A1"], { "idempotency-key": crypto.randomUUID() });
		answers.push(answer);
		if (answer.status === 201) expect((await buyer.cancel(idOf(answer))).status).toBe(200);
	}
	return answers;
}

/** The part that the keys of all records, and those of all idempotency keys, have in common. */
const [RECORD, IDEMPOTENCY] = [bookingKey(newBookingId(newShowtimeId())), idempotencyKey(newUserId(), newShowtimeId(), "k")].map(
	(key) => `:${key.split(":")[1]}:`,
);

/** Two scripts, each in one line because an inline command is one line: the longest TTL of these keys in ms, and the used memory. */
const LONGEST_TTL =
	"local most = 0 for _, key in ipairs(redis.call('KEYS', '*')) do " +
	`if string.find(key, '${RECORD}') or string.find(key, '${IDEMPOTENCY}') then most = math.max(most, redis.call('PTTL', key)) end end return most`;
const USED_MEMORY = "return tonumber(string.match(redis.call('INFO', 'memory'), 'used_memory:(%d+)'))";

async function measure(): Promise<{ keys: number; bytes: number; longestTtlMs: number }> {
	const port = Number(new URL(test.stack.info.redisUrl).port);
	const readInteger = async (...args: string[]) => Number((await askRedis(port, ...args)).replace(":", ""));
	return {
		keys: await readInteger("DBSIZE"),
		bytes: await readInteger("EVAL", `"${USED_MEMORY}"`, "0"),
		longestTtlMs: await readInteger("EVAL", `"${LONGEST_TTL}"`, "0"),
	};
}

it("an account that holds and releases in a loop gets 100 holds per bucket, then 429 with a correct Retry-After, and fills at most 4 MB", async () => {
	const showtimeIds = (await Promise.all(listBuckets(DEFAULT_LIMITS).map((bucket) => test.showtimes(1, { bucket })))).flat();
	for (const showtimeId of showtimeIds) expect((await test.get(`/showtimes/${showtimeId}/seats`)).status).toBe(200);
	const [warmUp, buyer] = await test.buyers(2);
	if (warmUp === undefined || buyer === undefined) throw new Error("fewer than two buyers were inserted");
	await Promise.all(showtimeIds.map(async (id) => warmUp.cancel(idOf(await warmUp.hold(id, ["A1"])))));

	const [before, startMs] = [await measure(), Date.now()];
	const answers = await Promise.all(showtimeIds.map((showtimeId) => holdAndRelease(buyer, showtimeId)));
	const after = await measure();
	const placed = answers.flat().filter(({ status }) => status === 201).length;
	const [keys, bytes] = [after.keys - before.keys, after.bytes - before.bytes];
	console.log(
		`${placed} of ${DEFAULT_LIMITS.buckets * ATTEMPTS_PER_BUCKET} holds placed and released: ${keys} keys, ${bytes} bytes ` +
			`(${Math.round(bytes / placed)} a hold), the longest TTL is ${Math.round(after.longestTtlMs / 60_000)} minutes`,
	);
	for (const ofBucket of answers) {
		const refused = ofBucket.slice(holdsPerHourMax);
		expect(tally(ofBucket.slice(0, holdsPerHourMax))).toEqual({ "201": holdsPerHourMax });
		expect(tally(refused)).toEqual({ "429 too_many_requests": ATTEMPTS_PER_BUCKET - holdsPerHourMax });
		const passedSeconds = Math.ceil((Date.now() - startMs) / 1_000);
		for (const { retryAfter } of refused) {
			expect(Number(retryAfter)).toBeGreaterThanOrEqual(3_600 - passedSeconds);
			expect(Number(retryAfter)).toBeLessThanOrEqual(3_600);
		}
	}
	expect(keys).toBe(DEFAULT_LIMITS.buckets * (2 * holdsPerHourMax + 1));
	expect(keys).toBeLessThanOrEqual(KEYS_MAX);
	expect(bytes).toBeLessThanOrEqual(BYTES_MAX);
	expect(after.longestTtlMs).toBeLessThanOrEqual(holdTtlMs + ENDED_HOLD_TTL_MS);
});
