/** What one user has at one showtime, as `buyers` says it: `bookingId:expiresAt:3,4;...`. The scripts write it (include/buyers.lua). */
import type { BookingId } from "@holdfast/domain";
import { parseSeats } from "./booking-record.ts";
import { readBookingId, readInteger, readText } from "./reply.ts";

/** `expiresAt` 0: bought. */
export type BuyersBooking = { readonly bookingId: BookingId; readonly expiresAt: number; readonly seats: readonly number[] };

/** The bookings of an entry (null: there is none), expired holds among them. Throws when it makes no sense. */
export function parseBuyer(entry: string | null): BuyersBooking[] {
	if (entry === null) return [];
	return entry.split(";").map((booking) => {
		const [bookingId, expiresAt, seats] = booking.split(":");
		return { bookingId: readBookingId(bookingId), expiresAt: readInteger(expiresAt), seats: parseSeats(readText(seats)) };
	});
}
