/**
 * Parses an entry of the hash `buyers`: the holds and bookings of one user at one showtime, as `bookingId:expiresAt:3,4;...`. The
 * scripts write the entries (include/buyers.lua).
 */
import type { BookingId } from "@holdfast/domain";
import { parseSeats } from "./booking-record.ts";
import { readBookingId, readInteger, readText } from "./reply.ts";

/** One hold or booking of a user. `expiresAt` is in epoch ms; 0 means that the booking is confirmed. */
export type BuyersBooking = { readonly bookingId: BookingId; readonly expiresAt: number; readonly seats: readonly number[] };

/**
 * Returns the bookings of an entry, expired holds included. Null (the user has no entry) gives an empty array. Throws when the
 * entry is malformed.
 */
export function parseBuyer(entry: string | null): BuyersBooking[] {
	if (entry === null) return [];
	return entry.split(";").map((booking) => {
		const [bookingId, expiresAt, seats] = booking.split(":");
		return { bookingId: readBookingId(bookingId), expiresAt: readInteger(expiresAt), seats: parseSeats(readText(seats)) };
	});
}
