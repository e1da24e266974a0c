/** A Redis that has lost all its data: recorded bookings survive, the others are lost, and the loss is detected and reported. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { bucketOf, type ShowtimeId } from "@holdfast/domain";
import { findHistoryViolations, type Rule, readAtRest } from "@holdfast/proofs";
import { askRedis, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Answer, type Buyer, labelOf, openTestStack, type TestStack, tally } from "./open-test-stack.ts";
import { startCrowd } from "./start-crowd.ts";

const CLIENTS = 16;
/** The number of accounts of each person: an account may place 100 holds an hour. */
const ACCOUNTS_EACH = 10;
const SEATS = 100;
/** The number of bookings that are confirmed in each phase of the test. */
const SALES = 30;
/** The violations that lost events cause in the history: confirms and cancels are missing, and versions are lower. */
const LOSSES: readonly Rule[] = ["lost confirm", "lost cancel", "version fell"];

let test: TestStack;
beforeAll(async () => {
	test = await openTestStack();
});
afterAll(() => test.close());

it("FLUSHALL keeps recorded bookings, logs the proven loss, and quarantines all other seats until seats:open puts them on sale", async () => {
	const [showtimeId] = await test.showtimes(1);
	if (showtimeId === undefined) throw new Error("no showtime was inserted");
	const startMs = Date.now();
	const people = await test.buyers(CLIENTS * ACCOUNTS_EACH + SEATS);
	const crowd = startCrowd({
		buyers: people.slice(0, CLIENTS * ACCOUNTS_EACH),
		people: CLIENTS,
		showtimeIds: [showtimeId],
		seatCount: SEATS,
	});
	const sales = () => crowd.history.filter(({ kind, result }) => kind === "confirm" && result === "ok").length;
	await waitUntil("the crowd to buy", () => sales() >= SALES);
	await test.stack.sweeper.stop();
	const before = sales();
	await waitUntil("the crowd to buy while the sweeper is stopped", () => sales() >= before + SALES);
	await crowd.stop();
	const recorded = await readAtRest(test.databaseUrl, [showtimeId]);
	const sold = recorded.seats.filter(({ isActive }) => isActive).length;
	expect(sold).toBeGreaterThan(0);

	const flushedMs = Date.now();
	expect(await askRedis(Number(new URL(test.stack.info.redisUrl).port), "FLUSHALL")).toBe("+OK");
	await test.stack.sweeper.start();
	const { body } = await waitUntil("the showtime to be rebuilt", async () => {
		const answer = await test.get(`/showtimes/${showtimeId}/seats`);
		return answer.status === 200 && answer;
	});
	expect(body.counts).toMatchObject({ sold, available: 0, quarantined: SEATS - sold });
	expect(await readAtRest(test.databaseUrl, [showtimeId])).toEqual(recorded);

	const lost = findHistoryViolations(crowd.history, recorded);
	console.log(`after a flush: ${sold} sold seats kept; ${lost.length} confirms and cancels lost`);
	expect(lost.map(({ rule }) => rule)).toContain("lost confirm");
	expect(lost.filter(({ rule }) => !LOSSES.includes(rule))).toEqual([]);
	const [bucket, lastSeq] = [bucketOf(showtimeId), recorded.events.length];
	expect(await waitUntil("the log message of the loss", () => findAlarm("redis data loss proven"))).toMatchObject({
		bucket,
		lastRecorded: { seq: lastSeq },
	});
	const losses = await test.query("select bucket, last_seq, extract(epoch from last_recorded_at) * 1000 as last_recorded_ms from losses");
	expect(losses).toEqual([{ bucket: `${bucket}`, last_seq: `${lastSeq}`, last_recorded_ms: expect.any(String) }]);
	expect(Number(losses[0]?.last_recorded_ms)).toBeGreaterThan(startMs);
	expect(Number(losses[0]?.last_recorded_ms)).toBeLessThan(flushedMs);

	// One buyer asks for each seat and gets none: not a recorded one, not one whose sale was lost, and not one that was available.
	const others = people.slice(CLIENTS * ACCOUNTS_EACH);
	expect(tally(await holdEach(others, showtimeId))).toEqual({ "409 seats_taken": SEATS });
	expect(await openSeats(showtimeId)).toContain(`${SEATS - sold} seats are on sale again`);
	expect(tally(await holdEach(others, showtimeId))).toEqual({ "201": SEATS - sold, "409 seats_taken": sold });
	expect(await test.proof.violations(showtimeId)).toEqual([]);
});

function holdEach(buyers: readonly Buyer[], showtimeId: ShowtimeId): Promise<Answer[]> {
	return Promise.all(buyers.map((buyer, seat) => buyer.hold(showtimeId, [labelOf(seat)])));
}

/** Returns the first log entry of API or sweeper whose message starts with this text. */
function findAlarm(message: string): Record<string, unknown> | undefined {
	const lines = `${test.readLog("api")}${test.readLog("sweeper")}`.split("\n").filter((line) => line.startsWith("{"));
	return lines.map((line): Record<string, unknown> => JSON.parse(line)).find(({ msg }) => String(msg).startsWith(message));
}

/** Resolves to the output of `npm run seats:open -- <showtime>`. */
async function openSeats(showtimeId: ShowtimeId): Promise<string> {
	const { databaseUrl, redisUrl } = test.stack.info;
	const runner = fileURLToPath(new URL("../../local-stack/src/bin/run-on-stores.ts", import.meta.url));
	const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl, REDIS_URL: redisUrl };
	const { stdout } = await promisify(execFile)(process.execPath, [runner, "apps/sweeper/src/bin/open-seats.ts", showtimeId], { env });
	return stdout;
}
