import { bucketOf, newBookingId } from "@holdfast/domain";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cancelOf, openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { findBooking } from "./find-booking.ts";
import { listBookings } from "./list-bookings.ts";
import { settleBatch } from "./settle-batch.ts";

let ledger: TestLedger;
beforeAll(async () => {
	ledger = await openTestLedger();
});
afterAll(() => ledger.stop());

it("lists only the user's own bookings, newest first, in pages, each with its seats", async () => {
	const [id, userId, otherId] = [await ledger.addShowtime(), await ledger.addUser(), await ledger.addUser()];
	const events = Array.from({ length: 5 }, (_, i) => ledger.confirmed(id, i === 2 ? otherId : userId, [2 * i, 2 * i + 1]));
	const entries = [...events, ...events.slice(3, 4).map((event) => cancelOf(event))].map((event) => ledger.entryOf(event));
	await settleBatch(ledger.database, { bucket: bucketOf(id), entries });
	const own = events
		.filter((event) => event.userId === userId)
		.map((event) => event.bookingId)
		.sort()
		.reverse();

	const first = await listBookings(ledger.database, { userId, limit: 3 });
	expect(first.bookings.map(({ booking }) => booking.id)).toEqual(own.slice(0, 3));
	const rest = await listBookings(ledger.database, { userId, beforeId: first.lastId ?? undefined, limit: 3 });
	expect(rest.bookings.map(({ booking }) => booking.id)).toEqual(own.slice(3));

	for (const listed of [...first.bookings, ...rest.bookings]) expect(listed).toEqual(await findBooking(ledger.database, listed.booking.id));
	const cancelled = [...first.bookings, ...rest.bookings].find(({ booking }) => booking.id === events[3]?.bookingId);
	expect(cancelled).toMatchObject({
		booking: { state: "CANCELLED", version: 3, seats: [6, 7] },
		seatLabels: ["A7", "A8"],
	});
});

it("lists only the user's bookings of one showtime when it is given, in pages", async () => {
	const [wanted, elsewhere] = [await ledger.addShowtime(), await ledger.addShowtime()];
	const [userId, otherId] = [await ledger.addUser(), await ledger.addUser()];
	const own = Array.from({ length: 3 }, (_, seat) => ledger.confirmed(wanted, userId, [seat]));
	for (const event of [...own, ledger.confirmed(wanted, otherId, [9]), ledger.confirmed(elsewhere, userId, [0])])
		await settleBatch(ledger.database, { bucket: bucketOf(event.showtimeId), entries: [ledger.entryOf(event)] });
	const expected = own
		.map(({ bookingId }) => bookingId)
		.sort()
		.reverse();
	const first = await listBookings(ledger.database, { userId, showtimeId: wanted, limit: 2 });
	const second = await listBookings(ledger.database, { userId, showtimeId: wanted, beforeId: first.lastId ?? undefined, limit: 2 });
	expect([...first.bookings, ...second.bookings].map(({ booking }) => booking.id)).toEqual(expected);
	expect([first.rowCount, second.rowCount]).toEqual([2, 1]);
});

it("does not find a booking that was never settled, and returns an empty list for a user without bookings", async () => {
	expect(await findBooking(ledger.database, newBookingId(await ledger.addShowtime()))).toBeNull();
	expect(await listBookings(ledger.database, { userId: await ledger.addUser(), limit: 10 })).toEqual({
		bookings: [],
		unreadable: [],
		rowCount: 0,
		lastId: null,
	});
});
