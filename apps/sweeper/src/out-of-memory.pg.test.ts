/** A Redis that is full refuses before it writes, never half; what gives memory back goes on, so it drains by itself. */
import { createDatabase, type Database, seatOwners } from "@holdfast/database";
import { bucketOf, DEFAULT_LIMITS, newBookingId, type UserId } from "@holdfast/domain";
import { createRebuilder } from "@holdfast/rebuild";
import { createLogger } from "@holdfast/runtime";
import { createSeatStore, type SeatStore } from "@holdfast/seat-store";
import { findSeatFlaws } from "@holdfast/seat-store/testing";
import {
	askRedis,
	createTestDatabase,
	insertShowtimes,
	insertUsers,
	startTestRedis,
	type TestDatabase,
	type TestRedis,
} from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createSweeper, type Sweeper } from "./sweeper.ts";
import { createSweeperMetrics } from "./sweeper-metrics.ts";

let redis: TestRedis;
let testDatabase: TestDatabase;
let database: Database;
let seatStore: SeatStore;
let sweeper: Sweeper;
let users: UserId[];
beforeAll(async () => {
	[redis, testDatabase] = await Promise.all([startTestRedis(), createTestDatabase()]);
	database = createDatabase({ url: testDatabase.url });
	seatStore = createSeatStore({ url: redis.url, limits: DEFAULT_LIMITS });
	const log = createLogger("sweeper", "silent");
	sweeper = createSweeper({ seatStore, database, limits: DEFAULT_LIMITS, quarantineMs: null, metrics: createSweeperMetrics(), log });
	users = await insertUsers(testDatabase.url, 3);
});
afterAll(async () => {
	await Promise.all([seatStore.close(), database.close()]);
	await Promise.all([redis.stop(), testDatabase.drop()]);
});

const limitMemory = (bytes: number) => askRedis(redis.port, "CONFIG", "SET", "maxmemory", String(bytes));

it("holds and confirms are refused whole, cancels and the outbox go on, and nothing acknowledged is lost", async () => {
	const [showtimeId] = (await insertShowtimes(testDatabase.url)).showtimeIds;
	if (showtimeId === undefined) throw new Error("no showtime was inserted");
	const rebuilder = createRebuilder({ seatStore, database, quarantineMs: null, log: createLogger("rebuild", "silent") });
	await rebuilder.rebuild(showtimeId, 0);
	const showtime = await seatStore.readShowtime(showtimeId);
	if (showtime === null) throw new Error("the showtime is not installed");
	const place = async (seat: number, buyer: number) => {
		const [userId, bookingId] = [users[buyer], newBookingId(showtimeId)];
		if (userId === undefined) throw new Error("no user was inserted");
		await seatStore.placeHold({ bookingId, userId, showtime, seats: [seat], amounts: [1250], idempotencyKey: null });
		return { bookingId, userId, showtimeId, ifVersion: null };
	};
	const [sold, held, ending] = [await place(0, 0), await place(1, 1), await place(2, 2)];
	expect((await seatStore.confirmBooking(sold)).outcome).toBe("confirmed");
	expect((await seatStore.confirmBooking(ending)).outcome).toBe("confirmed");
	const before = await seatStore.readSeatMap(showtimeId);

	await limitMemory(1);
	await expect(place(5, 0)).rejects.toMatchObject({ name: "SeatStoreFault", kind: "unavailable" });
	await expect(seatStore.confirmBooking(held)).rejects.toMatchObject({ name: "SeatStoreFault", kind: "unavailable" });
	expect(await seatStore.readSeatMap(showtimeId)).toEqual({ ...before, nowMs: expect.any(Number) });
	expect((await seatStore.cancelBooking(ending)).outcome).toBe("cancelled");
	expect((await sweeper.runOnce()).settled).toBe(3);
	expect((await seatStore.outboxDepths())[bucketOf(showtimeId)]).toBe(0);

	await limitMemory(0);
	expect((await seatStore.confirmBooking(held)).outcome).toBe("confirmed");
	await sweeper.runOnce();
	expect(await findSeatFlaws(seatStore, showtimeId, await seatOwners(database, showtimeId))).toEqual([]);
	expect((await seatOwners(database, showtimeId)).map(({ seat }) => seat)).toEqual([0, 1]);
});
