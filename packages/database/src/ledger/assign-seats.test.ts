import { type BookingEvent, newBookingId, newSeatPlanId, newShowtimeId, newUserId } from "@holdfast/domain";
import { expect, it } from "vitest";
import { pickWinners } from "./assign-seats.ts";
import { foldEvents } from "./record-bookings.ts";

const showtimeId = newShowtimeId();
const event = (seats: number[], overrides: Partial<BookingEvent> = {}): BookingEvent => ({
	type: "booking.confirmed",
	seq: 1,
	bookingId: newBookingId(showtimeId),
	version: 2,
	userId: newUserId(),
	showtimeId,
	planId: newSeatPlanId(),
	seats,
	amounts: seats.map(() => 1),
	amount: seats.length,
	currency: "EUR",
	createdAt: 1,
	expiresAt: 1,
	confirmedAt: 1,
	cancelledAt: null,
	scheduleVersion: 1,
	staff: null,
	at: 1,
	...overrides,
});

it("gives a booking all of its seats or none, in stream order, and a losing booking takes no seat", () => {
	const [first, second, third] = [event([1]), event([1, 2]), event([2, 3])];
	expect(pickWinners([first, second, third], new Map())).toEqual({ winners: [first, third], losers: [second] });
});

it("lets a booking win the seats that it already owns, and lose the seats of another booking", () => {
	const [own, other] = [event([5]), event([6])];
	const owners = new Map([
		[`${showtimeId} 5`, own.bookingId],
		[`${showtimeId} 6`, newBookingId(showtimeId)],
	]);
	expect(pickWinners([own, other], owners)).toEqual({ winners: [own], losers: [other] });
});

it("folds the events of a booking to the highest version, at its position in the stream; of equal versions the first wins", () => {
	const a = event([1]);
	const b = event([2]);
	const highest = { ...a, version: 4 };
	expect(foldEvents([a, b, highest, { ...a, version: 3 }, { ...highest, amount: 9 }])).toEqual([b, highest]);
});
