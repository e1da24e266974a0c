/**
 * A booking, from hold to ledger. It keeps one id for life. Redis and Postgres store its *state*; clients see its *status*, which
 * also depends on the clock: a hold past its expiry is `expired`, even if the sweeper has not reaped it yet. Every transition raises
 * `version` by one.
 */
import type { BookingId, SeatPlanId, ShowtimeId, UserId } from "./ids.ts";

/** Every state that a booking is stored with. */
export const BOOKING_STATES = ["HELD", "PAYING", "CONFIRMED", "CANCELLED", "CONFLICT"] as const;
/**
 * HELD: its seats are held until `expiresAt`. PAYING: the same, after the one extension for the payment. CONFIRMED: its seats are sold.
 * CANCELLED: the hold was released, or the confirmed booking cancelled. CONFLICT: the ledger has another owner for one of its seats.
 */
export type BookingState = (typeof BOOKING_STATES)[number];

/** Every status that a client may see. */
export const BOOKING_STATUSES = ["pending", "confirmed", "cancelled", "expired"] as const;
/** One of `BOOKING_STATUSES`. */
export type BookingStatus = (typeof BOOKING_STATUSES)[number];

/** A booking as the seat store and the ledger keep it. Instants are epoch ms. */
export type Booking = {
	readonly id: BookingId;
	readonly userId: UserId;
	readonly showtimeId: ShowtimeId;
	readonly planId: SeatPlanId;
	/** Seat indexes in the seat plan, ascending. */
	readonly seats: readonly number[];
	/** The price of each seat, in the order of `seats`, in minor units of `currency`. The prices add up to `amount`. */
	readonly amounts: readonly number[];
	readonly state: BookingState;
	/** Counts the transitions (held, extended, confirmed, released, cancelled). The booking's ETag. */
	readonly version: number;
	/** The price of the whole booking, in minor units of `currency`. */
	readonly amount: number;
	/** ISO 4217 code. */
	readonly currency: string;
	readonly createdAt: number;
	/** When the hold expires. A confirm leaves this value unchanged. */
	readonly expiresAt: number;
	readonly confirmedAt: number | null;
	readonly cancelledAt: number | null;
	/** Whether the ledger has this version. */
	readonly recorded: boolean;
	/** The showtime's `scheduleVersion` when the hold was placed. A confirm keeps it: the buyer chose this schedule. */
	readonly scheduleVersion: number;
};

/** The status that a client sees at `nowMs` (epoch ms). No other code derives a status from a state. */
export function statusOf(booking: Pick<Booking, "state" | "expiresAt">, nowMs: number): BookingStatus {
	switch (booking.state) {
		case "HELD":
		case "PAYING":
			return nowMs < booking.expiresAt ? "pending" : "expired";
		case "CONFIRMED":
			return "confirmed";
		case "CANCELLED":
		case "CONFLICT":
			return "cancelled";
	}
}
