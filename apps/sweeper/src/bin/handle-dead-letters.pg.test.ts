/** What a person does about entries that could not be settled: the command itself, in a process of its own. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type BookingId, bucketOf, newUserId, type UserId } from "@holdfast/domain";
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

/** What `npm run dead-letters -- <words>` says, and how it ends. */
function run(...words: string[]): Promise<{ code: number; said: string }> {
	const entry = fileURLToPath(new URL("handle-dead-letters.ts", import.meta.url));
	const env = { PATH: process.env.PATH, DATABASE_URL: test.databaseUrl, REDIS_URL: test.redis.url };
	return new Promise((resolve) => {
		execFile(process.execPath, ["--disable-warning=ExperimentalWarning", entry, ...words], { env }, (error, stdout, stderr) =>
			resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }),
		);
	});
}

/** Seats bought by somebody whom the ledger does not know: their entries can never be settled as they are. */
async function buyUnknown(userId: UserId, seats: readonly number[]): Promise<BookingId[]> {
	const showtime = await test.rebuiltShowtime();
	return Promise.all(seats.map(async (seat) => (await buy(seatStore, showtime, [seat], { userId })).bookingId));
}

it("lists them, shows one, puts them back once their cause is mended, and sets one aside", async () => {
	const userId = newUserId();
	const [first, second, third] = await buyUnknown(userId, [0, 1, 2]);
	if (first === undefined || second === undefined || third === undefined) throw new Error("fewer than three seats were bought");
	await sweeper.runOnce();
	expect((await metrics.render()).text).toContain("holdfast_dead_letters_total 3\n");

	const { said } = await run();
	expect(said.trimEnd().split("\n"), said).toHaveLength(4);
	expect(said).toContain("23503");
	expect(said).toContain("3 dead letters wait for a decision.");
	const entryOf = async (bookingId: BookingId) =>
		String((await query(`select entry_id from dead_letters where raw->>'bookingId' = '${bookingId}'`))[0]?.entry_id);
	const bucket = String(bucketOf(first));
	expect(JSON.parse((await run("show", bucket, await entryOf(first))).said)).toMatchObject({
		raw: { bookingId: first, booking: expect.stringContaining(userId) },
	});

	expect(await run("resolve", bucket, await entryOf(third))).toEqual({ code: 0, said: `${bucket} ${await entryOf(third)}  set aside\n` });
	await insertUsers(test.databaseUrl, 1);
	await query(`update users set id = '${userId}'`);
	expect((await run("replay", bucket, await entryOf(first))).said).toContain("is in the outbox again");
	expect((await run("replay", "--all")).code).toBe(0);
	await sweeper.runOnce();
	const recorded = await query(`select id, state from bookings order by id`);
	expect(recorded).toEqual([first, second].toSorted().map((id) => ({ id, state: "CONFIRMED" })));
	expect((await run()).said).toBe("0 dead letters wait for a decision.\n");
	expect((await seatStore.outboxDepths())[bucketOf(first)]).toBe(0);
});

it("what was buried is not told again by a rebuild, and stays sold", async () => {
	const [bookingId] = await buyUnknown(newUserId(), [4]);
	if (bookingId === undefined) throw new Error("no seat was bought");
	await sweeper.runOnce();
	const letters = async () => (await query("select entry_id from dead_letters")).length;
	const before = await letters();
	const { showtimeId } = (await seatStore.readBooking(bookingId)) ?? {};
	if (showtimeId === undefined) throw new Error("the booking's record is missing");
	await test.redis.restart();
	await untilReachable(seatStore);
	expect(await test.rebuild(showtimeId)).toBe("opened");
	expect((await seatStore.outboxDepths())[bucketOf(showtimeId)]).toBe(0);
	await sweeper.runOnce();
	expect(await letters()).toBe(before);
	expect((await seatStore.inspectSeats(showtimeId)).owners).toEqual([{ seat: 4, bookingId, expiresAt: 0 }]);
});

it.each([
	[["show", "3", "9-9"], "There is no dead letter 3 9-9.\n"],
	[["replay"], "Usage: npm run dead-letters [-- show|replay|resolve <bucket> <entry> | -- replay --all]\n"],
	[["bury", "3", "9-9"], "Usage: npm run dead-letters [-- show|replay|resolve <bucket> <entry> | -- replay --all]\n"],
])("says what is wrong with %j, and ends with 1", async (words, said) => {
	expect(await run(...words)).toEqual({ code: 1, said });
});
