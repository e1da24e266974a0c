/** A booking as the ledger has it. Reads only the tables that settling writes, so a lock on the catalogue holds up no read of a booking. */
import { BOOKING_STATES, type Booking, type BookingId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { asc, inArray } from "drizzle-orm";
import type { ReadQueries } from "../create-database.ts";
import { bookingSeats, bookings } from "../schema/index.ts";

export type LedgerBooking = {
	/** `recorded` is true: it was settled. */
	readonly booking: Booking;
	/** Labels of `booking.seats`, in the same order. */
	readonly seatLabels: readonly string[];
};

/** Bookings; add `where`, order and limit. Seats come by `addSeats`. */
export function selectBookings(queries: ReadQueries) {
	return queries.select({ booking: bookings }).from(bookings).$dynamic();
}

type BookingRow = Awaited<ReturnType<typeof selectBookings>>[number];
type SeatRow = { bookingId: BookingId; seat: number; label: string; amount: number };

/** A row that is no booking: an instant beyond the calendar, an amount that a number cannot hold, a state that is none. */
export type UnreadableRow = { readonly bookingId: BookingId; readonly error: Error };
export type ReadRows = { readonly bookings: LedgerBooking[]; readonly unreadable: UnreadableRow[] };

/** Read the seats of these bookings, active or released, and put both together; the order of `rows` is kept. */
export async function addSeats(queries: ReadQueries, rows: readonly BookingRow[]): Promise<ReadRows> {
	if (rows.length === 0) return { bookings: [], unreadable: [] };
	const ids = rows.map((row) => row.booking.id);
	const seats = await queries
		.select({ bookingId: bookingSeats.bookingId, seat: bookingSeats.seat, label: bookingSeats.label, amount: bookingSeats.amount })
		.from(bookingSeats)
		.where(inArray(bookingSeats.bookingId, ids))
		.orderBy(asc(bookingSeats.bookingId), asc(bookingSeats.seat));
	const seatsOf = Map.groupBy(seats, (seat) => seat.bookingId);
	const read: ReadRows = { bookings: [], unreadable: [] };
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

/** Throws when the row makes no sense. */
function ledgerBookingOf({ booking: row }: BookingRow, seats: readonly SeatRow[]): LedgerBooking {
	const epochMs = (instant: Date): number => {
		assert(!Number.isNaN(instant.getTime()), `an instant of booking ${row.id} in the ledger is beyond the calendar`);
		return instant.getTime();
	};
	assert(BOOKING_STATES.includes(row.state), `the state of booking ${row.id} in the ledger is none`);
	assert(Number.isSafeInteger(row.amount), `the amount of booking ${row.id} in the ledger is beyond 2^53`);
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
