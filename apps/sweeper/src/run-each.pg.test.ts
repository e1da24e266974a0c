/** What makes no sense in Redis holds up itself and nothing else: conflicts are corrected and holds reaped beside it. */
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

it("a conflict whose record in Redis makes no sense does not keep a later conflict from being corrected", async () => {
	const showtimes = [await test.openShowtime(1), await test.openShowtime(2)];
	const winners = [];
	for (const showtime of showtimes) winners.push(await buy(test.seatStore, showtime, [5], { userId }));
	await sweeper.runOnce();
	const losers = [];
	for (const showtime of showtimes) losers.push(await buy(test.seatStore, showtime, [6], { userId }));
	for (const { bookingId } of winners)
		await test.query(`update booking_seats set seat = 6, label = 'A7' where booking_id = '${bookingId}'`);
	const [broken, fine] = losers;
	if (broken === undefined || fine === undefined) throw new Error("fewer than two bookings conflict");
	expect(await askRedis(test.redis.port, "SET", bookingKey(broken.bookingId), "{")).toBe("+OK");
	await sweeper.runOnce();
	const corrected = await test.query("select booking_id from refunds where store_corrected_at is not null");
	expect(corrected).toEqual([{ booking_id: fine.bookingId }]);
	expect(await test.seatStore.readBooking(fine.bookingId)).toMatchObject({ state: "CONFLICT" });
});

it("a showtime whose expired holds cannot be reaped does not keep those of another from being reaped", async () => {
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

it("an outage ends the round at once: the items behind it are not tried", async () => {
	const tried: number[] = [];
	const work = async (item: number): Promise<void> => {
		tried.push(item);
		throw item === 1 ? new Error("broken invariant: no such seat") : new Error("seat store unavailable");
	};
	await expect(runEach([1, 2, 3], work, { log: createLogger("sweeper", "silent"), fieldsOf: () => ({}) })).rejects.toThrow("unavailable");
	expect(tried).toEqual([1, 2]);
});
