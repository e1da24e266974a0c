/** `npm run dead-letters` in a separate process, on real stores. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type BookingId, bucketOf, newUserId, type UserId } from "@holdfast/domain";
import { COMPILE_CACHE, findProgram } from "@holdfast/local-stack";
import type { SeatStore } from "@holdfast/seat-store";
import { buy, untilReachable } from "@holdfast/seat-store/testing";
import { insertUsers } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Sweeper } from "../sweeper.ts";
import { createSweeperMetrics } from "../sweeper-metrics.ts";
import { openTestSweeper, type TestSweeper } from "../testing/open-test-sweeper.ts";

let test: TestSweeper;
let seatStore: SeatStore;
let sweeper: Sweeper;
const metrics = createSweeperMetrics();

beforeAll(async () => {
	test = await openTestSweeper();
	seatStore = test.seatStore;
	sweeper = test.newSweeper({ metrics });
});
afterAll(() => test.stop());

const query = (statement: string) => test.query(statement);

/** Runs `npm run dead-letters -- <args>`; returns its exit code and everything it printed. */
function run(...args: string[]): Promise<{ code: number; printed: string }> {
	const entry = findProgram(fileURLToPath(new URL("handle-dead-letters.ts", import.meta.url)));
	const env = { PATH: process.env.PATH, NODE_COMPILE_CACHE: COMPILE_CACHE, DATABASE_URL: test.databaseUrl, REDIS_URL: test.redis.url };
	return new Promise((resolve) => {
		execFile(process.execPath, ["--disable-warning=ExperimentalWarning", entry, ...args], { env }, (error, stdout, stderr) =>
			resolve({ code: error === null ? 0 : Number(error.code), printed: stdout + stderr }),
		);
	});
}

/** Buys seats for a user without a row in Postgres: their entries cannot be settled, because a foreign key is violated. */
async function buyUnknown(userId: UserId, seats: readonly number[]): Promise<BookingId[]> {
	const showtime = await test.rebuiltShowtime();
	return Promise.all(seats.map(async (seat) => (await buy(seatStore, showtime, [seat], { userId })).bookingId));
}

it("dead-letters lists and shows entries, replays them after their cause is fixed, and resolves one without replay", async () => {
	const userId = newUserId();
	const [first, second, third] = await buyUnknown(userId, [0, 1, 2]);
	if (first === undefined || second === undefined || third === undefined) throw new Error("fewer than three seats were bought");
	await sweeper.runOnce();
	expect((await metrics.render()).text).toContain("holdfast_dead_letters_total 3\n");

	const { printed } = await run();
	expect(printed.trimEnd().split("\n"), printed).toHaveLength(4);
	expect(printed).toContain("23503");
	expect(printed).toContain("3 dead letters are unresolved.");
	const entryOf = async (bookingId: BookingId) =>
		String((await query(`select entry_id from dead_letters where raw->>'bookingId' = '${bookingId}'`))[0]?.entry_id);
	const bucket = String(bucketOf(first));
	expect(JSON.parse((await run("show", bucket, await entryOf(first))).printed)).toMatchObject({
		raw: { bookingId: first, booking: expect.stringContaining(userId) },
	});

	expect(await run("resolve", bucket, await entryOf(third))).toEqual({
		code: 0,
		printed: `${bucket} ${await entryOf(third)}  resolved without a replay\n`,
	});
	await insertUsers(test.databaseUrl, 1);
	await query(`update users set id = '${userId}' where email is not null`);
	expect((await run("replay", bucket, await entryOf(first))).printed).toContain("put back into the outbox");
	expect((await run("replay", "--all")).code).toBe(0);
	await sweeper.runOnce();
	const recorded = await query(`select id, state from bookings order by id`);
	expect(recorded).toEqual([first, second].toSorted().map((id) => ({ id, state: "CONFIRMED" })));
	expect((await run()).printed).toBe("0 dead letters are unresolved.\n");
	expect((await seatStore.outboxDepths())[bucketOf(first)]).toBe(0);
});

it("a rebuild does not re-emit the event of a dead letter, and its seat stays sold", async () => {
	const [bookingId] = await buyUnknown(newUserId(), [4]);
	if (bookingId === undefined) throw new Error("no seat was bought");
	await sweeper.runOnce();
	const countDeadLetters = async () => (await query("select entry_id from dead_letters")).length;
	const before = await countDeadLetters();
	const { showtimeId } = (await seatStore.readBooking(bookingId)) ?? {};
	if (showtimeId === undefined) throw new Error("the booking's record is missing");
	await test.redis.restart();
	await untilReachable(seatStore);
	expect(await test.rebuild(showtimeId)).toBe("opened");
	expect((await seatStore.outboxDepths())[bucketOf(showtimeId)]).toBe(0);
	await sweeper.runOnce();
	expect(await countDeadLetters()).toBe(before);
	expect((await seatStore.inspectSeats(showtimeId)).owners).toEqual([{ seat: 4, bookingId, expiresAt: 0 }]);
});

it.each([
	[["show", "3", "9-9"], "There is no dead letter 3 9-9. Nothing was changed. List all: npm run dead-letters\n"],
	[["replay"], "Usage: npm run dead-letters [-- show|replay|resolve <bucket> <entry> | -- replay --all]\n"],
	[["bury", "3", "9-9"], "Usage: npm run dead-letters [-- show|replay|resolve <bucket> <entry> | -- replay --all]\n"],
])("dead-letters with the arguments %j prints what is wrong and exits with 1", async (args, printed) => {
	expect(await run(...args)).toEqual({ code: 1, printed });
});
