/** Unreadable data in Redis affects its own item only: other conflicts are corrected and other holds reaped. */
import { DEFAULT_LIMITS, type UserId } from "@holdfast/domain";
import { createLogger } from "@holdfast/runtime";
import { createSeatStore } from "@holdfast/seat-store";
import { bookingKey, buy, holdSeats, showtimeKeys } from "@holdfast/seat-store/testing";
import { askRedis, insertUsers } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runEach } from "./run-each.ts";
import type { Sweeper } from "./sweeper.ts";
import { openTestSweeper, type TestSweeper } from "./testing/open-test-sweeper.ts";

let test: TestSweeper;
let sweeper: Sweeper;
let userId: UserId;
beforeAll(async () => {
	test = await openTestSweeper();
	sweeper = test.newSweeper();
	const [id] = await insertUsers(test.databaseUrl, 1);
	if (id === undefined) throw new Error("no user was inserted");
	userId = id;
});
afterAll(() => test.stop());

it("an unreadable record of one conflict does not prevent the correction of a later conflict", async () => {
	const showtimes = [await test.openShowtime(1), await test.openShowtime(2)];
	const winners = [];
	for (const showtime of showtimes) winners.push(await buy(test.seatStore, showtime, [5], { userId }));
	await sweeper.runOnce();
	const losers = [];
	for (const showtime of showtimes) losers.push(await buy(test.seatStore, showtime, [6], { userId }));
	for (const { bookingId } of winners)
		await test.query(`update booking_seats set seat = 6, label = 'A7' where booking_id = '${bookingId}'`);
	const [broken, fine] = losers;
	if (broken === undefined || fine === undefined) throw new Error("fewer than two bookings are in conflict");
	expect(await askRedis(test.redis.port, "SET", bookingKey(broken.bookingId), "{")).toBe("+OK");
	await sweeper.runOnce();
	const corrected = await test.query("select booking_id from refunds where store_corrected_at is not null");
	expect(corrected).toEqual([{ booking_id: fine.bookingId }]);
	expect(await test.seatStore.readBooking(fine.bookingId)).toMatchObject({ state: "CONFLICT" });
});

it("unreadable owners of one showtime do not prevent the reaping of another showtime", async () => {
	const brief = createSeatStore({ url: test.redis.url, limits: { ...DEFAULT_LIMITS, holdTtlMs: 1 } });
	const [broken, fine] = [await test.openShowtime(3), await test.openShowtime(4)];
	for (const showtime of [broken, fine]) await holdSeats(brief, showtime, [0], { userId });
	await brief.close();
	const owners = showtimeKeys(broken.id).owner;
	expect(await askRedis(test.redis.port, "DEL", owners)).toBe(":1");
	expect(await askRedis(test.redis.port, "SADD", owners, "x")).toBe(":1");
	await sweeper.runOnce();
	expect((await test.seatStore.inspectSeats(fine.id)).owners).toEqual([]);
});

it("an error that is not about an item's data ends the round: later items are not tried", async () => {
	const tried: number[] = [];
	const work = async (item: number): Promise<void> => {
		tried.push(item);
		throw item === 1 ? new Error("broken invariant: no such seat") : new Error("seat store unavailable");
	};
	await expect(runEach([1, 2, 3], work, { log: createLogger("sweeper", "silent"), fieldsOf: () => ({}) })).rejects.toThrow("unavailable");
	expect(tried).toEqual([1, 2]);
});
