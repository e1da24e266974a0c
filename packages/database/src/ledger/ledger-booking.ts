/**
 * Reads bookings of the ledger with their seats. The queries use only tables that settling writes, so a lock on movies, auditoriums or
 * showtimes never delays the read of a booking.
 */
import { BOOKING_STATES, type Booking, type BookingId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { asc, inArray } from "drizzle-orm";
import type { ReadQueries } from "../create-database.ts";
import { bookingSeats, bookings } from "../schema/index.ts";

/** A booking of the ledger, and the labels of its seats. */
export type LedgerBooking = {
	/** `recorded` is always true, because the booking was settled. */
	readonly booking: Booking;
	/** Labels of `booking.seats`, in the same order. */
	readonly seatLabels: readonly string[];
};

/** Returns a query of bookings without seats. The caller adds `where`, order and limit, and passes the rows to `addSeats`. */
export function selectBookings(queries: ReadQueries) {
	return queries.select({ booking: bookings }).from(bookings).$dynamic();
}

type BookingRow = Awaited<ReturnType<typeof selectBookings>>[number];
type SeatRow = { bookingId: BookingId; seat: number; label: string; amount: number };

/** A row that cannot be read as a booking: an instant outside the range of `Date`, an amount beyond 2^53, or an unknown state. */
export type UnreadableRow = { readonly bookingId: BookingId; readonly error: Error };
/** The bookings of the readable rows, and the unreadable rows with their errors. */
export type BookingsOfRows = { readonly bookings: LedgerBooking[]; readonly unreadable: UnreadableRow[] };

/**
 * Reads the active and released seats of these rows and returns the bookings in the order of `rows`. Never throws for an unreadable row.
 * Rejects when the query fails.
 */
export async function addSeats(queries: ReadQueries, rows: readonly BookingRow[]): Promise<BookingsOfRows> {
	if (rows.length === 0) return { bookings: [], unreadable: [] };
	const ids = rows.map((row) => row.booking.id);
	const seats = await queries
		.select({ bookingId: bookingSeats.bookingId, seat: bookingSeats.seat, label: bookingSeats.label, amount: bookingSeats.amount })
		.from(bookingSeats)
		.where(inArray(bookingSeats.bookingId, ids))
		.orderBy(asc(bookingSeats.bookingId), asc(bookingSeats.seat));
	const seatsOf = Map.groupBy(seats, (seat) => seat.bookingId);
	const read: BookingsOfRows = { bookings: [], unreadable: [] };
	for (const row of rows) {
		const bookingId = row.booking.id;
		try {
			read.bookings.push(ledgerBookingOf(row, seatsOf.get(bookingId) ?? []));
		} catch (error) {
			read.unreadable.push({ bookingId, error: error instanceof Error ? error : new Error(String(error)) });
		}
	}
	return read;
}

/** Maps a row and its seats to a booking. Throws when a value is invalid. */
function ledgerBookingOf({ booking: row }: BookingRow, seats: readonly SeatRow[]): LedgerBooking {
	const epochMs = (instant: Date): number => {
		assert(!Number.isNaN(instant.getTime()), `booking ${row.id} in the ledger has an instant outside the range of JavaScript dates`);
		return instant.getTime();
	};
	assert(BOOKING_STATES.includes(row.state), `booking ${row.id} in the ledger has an unknown state`);
	assert(Number.isSafeInteger(row.amount), `booking ${row.id} in the ledger has an amount beyond 2^53`);
	return {
		booking: {
			id: row.id,
			userId: row.userId,
			showtimeId: row.showtimeId,
			planId: row.seatPlanId,
			seats: seats.map((seat) => seat.seat),
			amounts: seats.map((seat) => seat.amount),
			state: row.state,
			version: row.version,
			amount: row.amount,
			currency: row.currency,
			createdAt: epochMs(row.createdAt),
			expiresAt: epochMs(row.expiresAt),
			confirmedAt: epochMs(row.confirmedAt),
			cancelledAt: row.cancelledAt === null ? null : epochMs(row.cancelledAt),
			recorded: true,
			scheduleVersion: row.scheduleVersion,
		},
		seatLabels: seats.map((seat) => seat.label),
	};
}
