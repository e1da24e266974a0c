import { newShowtimeId, newUserId, type ShowtimeId } from "@holdfast/domain";
import { afterAll, beforeAll, expect, it } from "vitest";
import { showtimeKeys } from "../keys.ts";
import { holdSeats } from "../testing/buy-seats.ts";
import { openTestStore, type TestStore } from "../testing/open-test-store.ts";
import { SHOWTIMES_ASKED_MAX } from "./find-user-bookings.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());

const hold = async (userId = newUserId(), seats = [0], open = test.openShowtime()) => holdSeats(test.store, await open, seats, { userId });

const find = (userId: ReturnType<typeof newUserId>, showtimeIds: readonly ShowtimeId[]) => test.store.findUserBookings(userId, showtimeIds);

it("findUserBookings returns this user's holds and confirmed bookings at these showtimes, and no other user's", async () => {
	const showtime = await test.openShowtime();
	const [held, bought, other] = [
		await hold(undefined, [0], Promise.resolve(showtime)),
		await hold(undefined, [1]),
		await hold(undefined, [2], Promise.resolve(showtime)),
	];
	const { userId } = held;
	const third = await hold(userId, [3], Promise.resolve(showtime));
	expect((await test.store.confirmBooking(bought)).outcome).toBe("confirmed");
	expect(await find(userId, [held.showtimeId, bought.showtimeId])).toEqual([held.bookingId, third.bookingId]);
	expect(await find(bought.userId, [held.showtimeId, bought.showtimeId])).toEqual([bought.bookingId]);
	expect(await find(other.userId, [bought.showtimeId, newShowtimeId()])).toEqual([]);
});

it("findUserBookings leaves out released and cancelled bookings", async () => {
	const [released, cancelled] = [await hold(), await hold()];
	await test.store.confirmBooking(cancelled);
	for (const command of [released, cancelled]) {
		expect((await test.store.cancelBooking(command)).outcome).toBe("cancelled");
		expect(await find(command.userId, [command.showtimeId])).toEqual([]);
	}
});

it("findUserBookings returns confirmed bookings of a showtime that the fence refuses", async () => {
	const bought = await hold();
	await test.store.confirmBooking(bought);
	await test.redis.hdel(showtimeKeys(bought.showtimeId).meta, "replid");
	expect((await test.store.readSeatMap(bought.showtimeId)).outcome).not.toBe("read");
	expect(await find(bought.userId, [bought.showtimeId])).toEqual([bought.bookingId]);
});

it(`findUserBookings takes ${SHOWTIMES_ASKED_MAX} showtimes in one call, and throws on one more`, async () => {
	const { userId, bookingId, showtimeId } = await hold();
	const others = Array.from({ length: SHOWTIMES_ASKED_MAX - 1 }, () => newShowtimeId());
	expect(await find(userId, [...others, showtimeId])).toEqual([bookingId]);
	await expect(find(userId, [...others, showtimeId, newShowtimeId()])).rejects.toThrow("the limit is 500");
});
