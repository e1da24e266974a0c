/** Redis at its memory limit: commands that need memory are refused before they write anything; commands that free memory still run. */
import { seatOwners } from "@holdfast/database";
import { bucketOf, type UserId } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";
import { findSeatViolations, holdSeats } from "@holdfast/seat-store/testing";
import { askRedis, insertUsers } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Sweeper } from "./sweeper.ts";
import { openTestSweeper, type TestSweeper } from "./testing/open-test-sweeper.ts";

let test: TestSweeper;
let seatStore: SeatStore;
let sweeper: Sweeper;
let users: UserId[];
beforeAll(async () => {
	test = await openTestSweeper();
	seatStore = test.seatStore;
	sweeper = test.newSweeper();
	users = await insertUsers(test.databaseUrl, 3);
});
afterAll(() => test.stop());

const limitMemory = (bytes: number) => askRedis(test.redis.port, "CONFIG", "SET", "maxmemory", String(bytes));

it("holds and confirms are refused at Redis's memory limit, cancels and settling continue, and no acknowledged booking is lost", async () => {
	const showtime = await test.rebuiltShowtime();
	const { id: showtimeId } = showtime;
	const place = async (seat: number, buyer: number) => {
		const userId = users[buyer];
		if (userId === undefined) throw new Error("no user was inserted");
		return holdSeats(seatStore, showtime, [seat], { userId });
	};
	const [sold, pending, ending] = [await place(0, 0), await place(1, 1), await place(2, 2)];
	expect((await seatStore.confirmBooking(sold)).outcome).toBe("confirmed");
	expect((await seatStore.confirmBooking(ending)).outcome).toBe("confirmed");
	const before = await seatStore.readSeatMap(showtimeId);

	await limitMemory(1);
	await expect(place(5, 0)).rejects.toMatchObject({ name: "SeatStoreFault", kind: "unavailable" });
	await expect(seatStore.confirmBooking(pending)).rejects.toMatchObject({ name: "SeatStoreFault", kind: "unavailable" });
	expect(await seatStore.readSeatMap(showtimeId)).toEqual({ ...before, nowMs: expect.any(Number) });
	expect((await seatStore.cancelBooking(ending)).outcome).toBe("cancelled");
	expect((await sweeper.runOnce()).settled).toBe(3);
	expect((await seatStore.outboxDepths())[bucketOf(showtimeId)]).toBe(0);

	await limitMemory(0);
	expect((await seatStore.confirmBooking(pending)).outcome).toBe("confirmed");
	await sweeper.runOnce();
	expect(await findSeatViolations(seatStore, showtimeId, await seatOwners(test.database, showtimeId))).toEqual([]);
	expect((await seatOwners(test.database, showtimeId)).map(({ seat }) => seat)).toEqual([0, 1]);
});
