/**
 * Measures how many keys and bytes one account can fill in one bucket by holding and releasing all day: the figures in docs/data.md. The
 * test sets the clock of the scripts. Redis expires keys by its own clock, so the test deletes the keys that have expired by the test's.
 */
import { bucketOf, DEFAULT_LIMITS, newUserId, type OpenShowtime, SEATS_PER_PLAN_MAX } from "@holdfast/domain";
import { byRunLength } from "@holdfast/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { bucketKeys } from "../keys.ts";
import { holdSeats, tryHold } from "../testing/buy-seats.ts";
import { openTestStore, type TestStore } from "../testing/open-test-store.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => test.redis.flushall());

const HOUR_MS = 3_600_000;
const HOURS_PER_DAY = 24;
/** The most is reached in the second hour. The long run shows that a whole day adds nothing. */
const HOURS = byRunLength({ short: 6, long: HOURS_PER_DAY });
/** The longest idempotency key and the largest seat indexes that a client can send, for the largest records and keys. */
const LONGEST_KEY_CHARS = 64;
const LAST_SEATS = Array.from({ length: 10 }, (_, n) => SEATS_PER_PLAN_MAX - 10 + n);
/** The figures in docs/data.md, "What one account can fill". */
const KEYS_PER_BUCKET_MAX = 401;
const BYTES_PER_BUCKET_MAX = 250_000;
const BYTES_OF_SALES_PER_BUCKET_MAX = 2_900_000;

/** Deletes the keys that have expired by the clock of the test. */
async function expireKeys(nowMs: number): Promise<void> {
	const keys = await test.redis.keys("*");
	const ends = await Promise.all(keys.map((key) => test.redis.pexpiretime(key)));
	const expired = keys.filter((_, i) => Number(ends[i]) > 0 && Number(ends[i]) <= nowMs);
	if (expired.length > 0) await test.redis.del(...expired);
}

/** Counts the records, idempotency keys and user indexes in Redis, and their memory in bytes. */
async function measure(): Promise<{ keys: number; bytes: number }> {
	const keys = (await test.redis.keys("*")).filter((key) => /:(bk|idem|u):/.test(key));
	const sizes = await Promise.all(keys.map((key) => test.redis.memory("USAGE", key, "SAMPLES", 0)));
	return { keys: keys.length, bytes: sizes.reduce<number>((sum, size) => sum + Number(size), 0) };
}

/** Installs a showtime of the largest size, on sale until `untilMs`. */
const openArena = (untilMs: number): Promise<OpenShowtime> =>
	test.openShowtime({ seatCount: SEATS_PER_PLAN_MAX, salesCloseAt: untilMs, endsAt: untilMs });

it(`one account that holds and releases for ${HOURS} hours leaves no more keys and bytes than docs/data.md states`, async () => {
	const startMs = Date.now();
	const showtime = await openArena(startMs + 2 * HOURS * HOUR_MS);
	const userId = newUserId();
	let placed = 0;
	const most = { keys: 0, bytes: 0 };
	/** Holds ten seats under the longest key and releases them, until a hold is refused. */
	const holdUntilRefused = async () => {
		for (;;) {
			const idempotencyKey = String(placed).padStart(LONGEST_KEY_CHARS, "k");
			const answer = await tryHold(test.store, showtime, LAST_SEATS, { userId, idempotencyKey });
			if (answer.outcome !== "held") return expect(answer.outcome).toBe("hourly_limit");
			placed += 1;
			await test.store.cancelBooking({ bookingId: answer.booking.id, showtimeId: showtime.id, userId, ifVersion: null });
		}
	};
	// Each round places as many holds as allowed, so the keys of two consecutive hours exist at the same time.
	for (let nowMs = startMs; nowMs < startMs + HOURS * HOUR_MS; nowMs += HOUR_MS / 2) {
		await expireKeys(nowMs);
		await test.at(nowMs, holdUntilRefused);
		const { keys, bytes } = await measure();
		most.keys = Math.max(most.keys, keys);
		most.bytes = Math.max(most.bytes, bytes);
	}
	console.log(
		`${placed} holds and releases in ${HOURS} hours: at most ${most.keys} keys and ${most.bytes} bytes at once, ` +
			`so ${most.keys * DEFAULT_LIMITS.buckets} and ${most.bytes * DEFAULT_LIMITS.buckets} in all ${DEFAULT_LIMITS.buckets} buckets`,
	);
	expect(placed).toBe(HOURS * DEFAULT_LIMITS.holdsPerHourMax);
	expect(most.keys).toBe(KEYS_PER_BUCKET_MAX);
	expect(most.bytes).toBeLessThanOrEqual(BYTES_PER_BUCKET_MAX);

	// After a day without holds only the user's index is left.
	await expireKeys(startMs + (HOURS + 24) * HOUR_MS);
	expect((await measure()).keys).toBe(1);
}, 60_000);

it("one account that confirms and cancels for a day leaves no more bytes than docs/data.md states", async () => {
	const showtime = await openArena(Date.now() + HOUR_MS);
	const userId = newUserId();
	const perHour = DEFAULT_LIMITS.holdsPerHourMax;
	for (let n = 0; n < perHour; n += 1) {
		const idempotencyKey = String(n).padStart(LONGEST_KEY_CHARS, "k");
		const command = await holdSeats(test.store, showtime, LAST_SEATS, { userId, idempotencyKey });
		await test.store.confirmBooking(command);
		await test.store.cancelBooking(command);
	}
	const { keys, bytes } = await measure();
	expect(keys).toBe(2 * perHour + 1);
	expect(await test.redis.xlen(bucketKeys(bucketOf(showtime.id)).outbox)).toBe(2 * perHour);
	// A record is kept for 24 hours after it was recorded, so records of at most 25 hours exist at once, the current hour included.
	const bytesOfDay = (HOURS_PER_DAY + 1) * bytes;
	console.log(`${perHour} bookings that were confirmed and cancelled take ${bytes} bytes, so a day of them takes ${bytesOfDay} bytes`);
	expect(bytesOfDay).toBeLessThanOrEqual(BYTES_OF_SALES_PER_BUCKET_MAX);
});
