/** A booking as the ledger has it. Reads only the tables that settling writes, so a lock on the catalogue holds up no read of a booking. */
import type { Booking, BookingId } from "@holdfast/domain";
import { asc, inArray } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { bookingSeats, bookings } from "../schema/index.ts";

export type LedgerBooking = {
	/** `recorded` is true: it was settled. */
	readonly booking: Booking;
	/** Labels of `booking.seats`, in the same order. */
	readonly seatLabels: readonly string[];
};

/** Bookings; add `where`, order and limit. Seats come by `addSeats`. */
export function selectBookings(queries: Queries) {
	return queries.select({ booking: bookings }).from(bookings).$dynamic();
}

type BookingRow = Awaited<ReturnType<typeof selectBookings>>[number];
type SeatRow = { bookingId: BookingId; seat: number; label: string };

/** Read the seats of these bookings, active or released, and put both together; the order of `rows` is kept. */
export async function addSeats(queries: Queries, rows: readonly BookingRow[]): Promise<LedgerBooking[]> {
	if (rows.length === 0) return [];
	const ids = rows.map((row) => row.booking.id);
	const seats = await queries
		.select({ bookingId: bookingSeats.bookingId, seat: bookingSeats.seat, label: bookingSeats.label })
		.from(bookingSeats)
		.where(inArray(bookingSeats.bookingId, ids))
		.orderBy(asc(bookingSeats.bookingId), asc(bookingSeats.seat));
	const seatsOf = Map.groupBy(seats, (seat) => seat.bookingId);
	return rows.map((row) => ledgerBookingOf(row, seatsOf.get(row.booking.id) ?? []));
}

function ledgerBookingOf({ booking: row }: BookingRow, seats: readonly SeatRow[]): LedgerBooking {
	return {
		booking: {
			id: row.id,
			userId: row.userId,
			showtimeId: row.showtimeId,
			planId: row.seatPlanId,
			seats: seats.map((seat) => seat.seat),
			state: row.state,
			version: row.version,
			total: { amount: row.amount, currency: row.currency },
			createdAt: row.createdAt.getTime(),
			expiresAt: row.expiresAt.getTime(),
			confirmedAt: row.confirmedAt.getTime(),
			cancelledAt: row.cancelledAt?.getTime() ?? null,
			recorded: true,
			scheduleVersion: row.scheduleVersion,
		},
		seatLabels: seats.map((seat) => seat.label),
	};
}
