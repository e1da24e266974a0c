/**
 * A booking: one id for life, from hold to ledger. It is stored with a *state*; what a person sees is its
 * *status*, which also depends on the clock: a hold past its expiry is `expired`, whoever has or has not come
 * by to clean up. Every transition raises `version` by one.
 */
import type { BookingId, SeatPlanId, ShowtimeId, UserId } from "./ids.ts";

export const BOOKING_STATES = ["HELD", "PAYING", "CONFIRMED", "CANCELLED", "CONFLICT"] as const;
/** HELD: seats held until `expiresAt`. PAYING: held, and extended once for its payment. CONFIRMED: sold. CANCELLED: released or cancelled. CONFLICT: the ledger had another owner. */
export type BookingState = (typeof BOOKING_STATES)[number];

export const BOOKING_STATUSES = ["pending", "confirmed", "cancelled", "expired"] as const;
export type BookingStatus = (typeof BOOKING_STATUSES)[number];

export type Booking = {
	readonly id: BookingId;
	readonly userId: UserId;
	readonly showtimeId: ShowtimeId;
	readonly planId: SeatPlanId;
	/** Seat indexes, ascending. */
	readonly seats: readonly number[];
	/** What each of `seats` costs, in the same order, in minor units of `currency`. They add up to `amount`. */
	readonly amounts: readonly number[];
	readonly state: BookingState;
	/** Rises by one per transition (held, extended, confirmed, released, cancelled). The booking's ETag. */
	readonly version: number;
	/** What the booking costs, in minor units of `currency`. */
	readonly amount: number;
	/** ISO 4217. */
	readonly currency: string;
	readonly createdAt: number;
	/** When the hold lapses; kept as it was once the booking is confirmed. */
	readonly expiresAt: number;
	readonly confirmedAt: number | null;
	readonly cancelledAt: number | null;
	/** Whether the ledger has this version. */
	readonly recorded: boolean;
	/** The showtime's schedule version the booking was confirmed under. */
	readonly scheduleVersion: number;
};

/** What a person is told at `nowMs`. The one place where state becomes status. */
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
