/**
 * What the outbox carries from the seat store to the ledger: one event per transition of a booking that was
 * confirmed. An event holds the whole booking as of that transition, so that any later event alone is enough.
 */
import type { BookingId, SeatPlanId, ShowtimeId, UserId } from "./ids.ts";

export const BOOKING_EVENT_TYPES = ["booking.confirmed", "booking.cancelled"] as const;
export type BookingEventType = (typeof BOOKING_EVENT_TYPES)[number];

export type BookingEvent = {
	readonly type: BookingEventType;
	/** Counter of the bucket, contiguous; a gap is an alarm. */
	readonly seq: number;
	readonly bookingId: BookingId;
	readonly version: number;
	readonly userId: UserId;
	readonly showtimeId: ShowtimeId;
	readonly planId: SeatPlanId;
	readonly seats: readonly number[];
	readonly amount: number;
	readonly currency: string;
	readonly createdAt: number;
	readonly expiresAt: number;
	readonly confirmedAt: number;
	readonly cancelledAt: number | null;
	readonly scheduleVersion: number;
	/** When the transition happened, by the Redis clock. */
	readonly at: number;
};
