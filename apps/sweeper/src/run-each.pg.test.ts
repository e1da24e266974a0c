/** What makes no sense in Redis holds up itself and nothing else: conflicts are corrected and holds reaped beside it. */
import { createDatabase, type Database } from "@holdfast/database";
import { DEFAULT_LIMITS, newBookingId, type OpenShowtime, type UserId } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { createLogger } from "@holdfast/runtime";
import { createSeatStore, type SeatStore } from "@holdfast/seat-store";
import { bookingKey, installSnapshot, showtimeKeys } from "@holdfast/seat-store/testing";
import {
	askRedis,
	buildShowtime,
	createTestDatabase,
	insertShowtimes,
	insertUsers,
	startTestRedis,
	type TestDatabase,
	type TestRedis,
} from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runEach } from "./run-each.ts";
import { createSweeper, type Sweeper } from "./sweeper.ts";
import { createSweeperMetrics } from "./sweeper-metrics.ts";

let redis: TestRedis;
let testDatabase: TestDatabase;
let database: Database;
let seatStore: SeatStore;
let sweeper: Sweeper;
let userId: UserId;
beforeAll(async () => {
	[redis, testDatabase] = await Promise.all([startTestRedis(), createTestDatabase()]);
	database = createDatabase({ url: testDatabase.url });
	seatStore = createSeatStore({ url: redis.url, limits: DEFAULT_LIMITS });
	const log = createLogger("sweeper", "silent");
	sweeper = createSweeper({ seatStore, database, limits: DEFAULT_LIMITS, quarantineMs: null, metrics: createSweeperMetrics(), log });
	const [id] = await insertUsers(testDatabase.url, 1);
	if (id === undefined) throw new Error("no user was inserted");
	userId = id;
});
afterAll(async () => {
	await seatStore.close();
	await database.close();
	await Promise.all([redis.stop(), testDatabase.drop()]);
});

const query = (statement: string) => queryPostgres(testDatabase.url, statement);

async function openShowtime(bucket: number): Promise<OpenShowtime> {
	const { showtimeIds, plan } = await insertShowtimes(testDatabase.url, { bucket });
	const [id] = showtimeIds;
	if (id === undefined) throw new Error("no showtime was inserted");
	const showtime = buildShowtime({ id, planId: plan.id });
	await query(`update showtimes set redis_epoch = 1 where id = '${id}'`);
	await installSnapshot(seatStore, { showtime });
	return showtime;
}

async function hold(showtime: OpenShowtime, seat: number, store = seatStore) {
	const command = { bookingId: newBookingId(showtime.id), userId, showtime, seats: [seat], amounts: [1250], idempotencyKey: null };
	expect((await store.placeHold(command)).outcome).toBe("held");
	return { bookingId: command.bookingId, userId, showtimeId: showtime.id, ifVersion: null };
}

async function buy(showtime: OpenShowtime, seat: number) {
	const command = await hold(showtime, seat);
	expect((await seatStore.confirmBooking(command)).outcome).toBe("confirmed");
	return command;
}

it("a conflict whose record in Redis makes no sense does not keep a later conflict from being corrected", async () => {
	const showtimes = [await openShowtime(1), await openShowtime(2)];
	const winners = [];
	for (const showtime of showtimes) winners.push(await buy(showtime, 5));
	await sweeper.runOnce();
	const losers = [];
	for (const showtime of showtimes) losers.push(await buy(showtime, 6));
	for (const { bookingId } of winners) await query(`update booking_seats set seat = 6, label = 'A7' where booking_id = '${bookingId}'`);
	const [broken, fine] = losers;
	if (broken === undefined || fine === undefined) throw new Error("fewer than two bookings conflict");
	expect(await askRedis(redis.port, "SET", bookingKey(broken.bookingId), "{")).toBe("+OK");
	await sweeper.runOnce();
	const corrected = await query("select booking_id from refunds where store_corrected_at is not null");
	expect(corrected).toEqual([{ booking_id: fine.bookingId }]);
	expect(await seatStore.readBooking(fine.bookingId)).toMatchObject({ state: "CONFLICT" });
});

it("a showtime whose expired holds cannot be reaped does not keep those of another from being reaped", async () => {
	const brief = createSeatStore({ url: redis.url, limits: { ...DEFAULT_LIMITS, holdTtlMs: 1 } });
	const [broken, fine] = [await openShowtime(3), await openShowtime(4)];
	for (const showtime of [broken, fine]) await hold(showtime, 0, brief);
	await brief.close();
	const owners = showtimeKeys(broken.id).owner;
	expect(await askRedis(redis.port, "DEL", owners)).toBe(":1");
	expect(await askRedis(redis.port, "SADD", owners, "x")).toBe(":1");
	await sweeper.runOnce();
	expect((await seatStore.inspectSeats(fine.id)).owners).toEqual([]);
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
