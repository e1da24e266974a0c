/** Tests the list of the live holds of a showtime. */
import { newShowtimeId, newUserId } from "@holdfast/domain";
import { afterAll, beforeAll, expect, it } from "vitest";
import { holdSeats } from "../testing/buy-seats.ts";
import { expectUnchanged, openTestStore, type TestStore } from "../testing/open-test-store.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());

it("lists each live hold of the showtime with its user, and none that was confirmed or released", async () => {
	const [showtime, other] = [await test.openShowtime(), await test.openShowtime()];
	const [ada, bob] = [newUserId(), newUserId()];
	const held = [
		await holdSeats(test.store, showtime, [1, 2], { userId: ada }),
		await holdSeats(test.store, showtime, [3], { userId: bob }),
	];
	const [sold, released] = [await holdSeats(test.store, showtime, [4]), await holdSeats(test.store, showtime, [5])];
	await test.store.confirmBooking(sold);
	await test.store.cancelBooking(released);
	await holdSeats(test.store, other, [1]);
	const live = await expectUnchanged(test, () => test.store.listLiveHolds(showtime.id));
	expect(live.toSorted((a, b) => (a.bookingId < b.bookingId ? -1 : 1))).toEqual(
		held.map(({ bookingId, userId }) => ({ bookingId, userId })).toSorted((a, b) => (a.bookingId < b.bookingId ? -1 : 1)),
	);
});

it("does not list a hold from the millisecond on which it expires, reaped or not", async () => {
	const showtime = await test.openShowtime();
	const { booking, bookingId, userId } = await holdSeats(test.store, showtime, [1]);
	const listAt = (nowMs: number) => test.at(nowMs, () => test.store.listLiveHolds(showtime.id));
	expect(await listAt(booking.expiresAt - 1)).toEqual([{ bookingId, userId }]);
	expect(await listAt(booking.expiresAt)).toEqual([]);
});

it("lists no holds of a showtime that is not installed", async () => {
	expect(await test.store.listLiveHolds(newShowtimeId())).toEqual([]);
});
