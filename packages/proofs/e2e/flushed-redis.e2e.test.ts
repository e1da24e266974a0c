/** A Redis that has forgotten everything: what the ledger knows is kept, what only Redis knew is lost, and said to be. */
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
/** Each person has so many accounts: an account may place 100 holds an hour. */
const ACCOUNTS_EACH = 10;
const SEATS = 100;
/** What is bought in each part of the story. */
const SALES = 30;
/** How a loss shows in a history whose end was never recorded: sales and their ends are gone, and versions with them. */
const LOSSES: readonly Rule[] = ["lost confirm", "lost cancel", "version fell"];

let test: TestStack;
beforeAll(async () => {
	test = await openTestStack();
});
afterAll(() => test.close());

it("keeps what was recorded, says what it cannot know, and sells no seat before a person says so", async () => {
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
	await waitUntil("the crowd to buy what nobody records", () => sales() >= before + SALES);
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
	console.log(`after a flush: ${sold} seats kept; ${lost.length} sales and ends of sales lost`);
	expect(lost.map(({ rule }) => rule)).toContain("lost confirm");
	expect(lost.filter(({ rule }) => !LOSSES.includes(rule))).toEqual([]);
	const [bucket, lastSeq] = [bucketOf(showtimeId), recorded.events.length];
	expect(await waitUntil("the alarm", () => findAlarm("loss proven"))).toMatchObject({ bucket, lastRecorded: { seq: lastSeq } });
	const losses = await test.query("select bucket, last_seq, extract(epoch from last_recorded_at) * 1000 as last_recorded_ms from losses");
	expect(losses).toEqual([{ bucket: `${bucket}`, last_seq: `${lastSeq}`, last_recorded_ms: expect.any(String) }]);
	expect(Number(losses[0]?.last_recorded_ms)).toBeGreaterThan(startMs);
	expect(Number(losses[0]?.last_recorded_ms)).toBeLessThan(flushedMs);

	// One person for each seat: nobody gets any, whether it was sold and recorded, sold and lost, or free.
	const others = people.slice(CLIENTS * ACCOUNTS_EACH);
	expect(tally(await holdEach(others, showtimeId))).toEqual({ "409 seats_taken": SEATS });
	expect(await openSeats(showtimeId)).toContain(`${SEATS - sold} seats are on sale again`);
	expect(tally(await holdEach(others, showtimeId))).toEqual({ "201": SEATS - sold, "409 seats_taken": sold });
	expect(await test.proof.violations(showtimeId)).toEqual([]);
});

function holdEach(buyers: readonly Buyer[], showtimeId: ShowtimeId): Promise<Answer[]> {
	return Promise.all(buyers.map((buyer, seat) => buyer.hold(showtimeId, [labelOf(seat)])));
}

/** The first line of either app's log whose message begins so. */
function findAlarm(message: string): Record<string, unknown> | undefined {
	const lines = `${test.readLog("api")}${test.readLog("sweeper")}`.split("\n").filter((line) => line.startsWith("{"));
	return lines.map((line): Record<string, unknown> => JSON.parse(line)).find(({ msg }) => String(msg).startsWith(message));
}

/** What `npm run seats:open -- <showtime>` prints. */
async function openSeats(showtimeId: ShowtimeId): Promise<string> {
	const { databaseUrl, redisUrl } = test.stack.info;
	const runner = fileURLToPath(new URL("../../local-stack/src/bin/run-on-stores.ts", import.meta.url));
	const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl, REDIS_URL: redisUrl };
	const { stdout } = await promisify(execFile)(process.execPath, [runner, "apps/sweeper/src/bin/open-seats.ts", showtimeId], { env });
	return stdout;
}
