/**
 * What the outbox carries of a booking from the seat store to the ledger: one event per transition of a booking that was
 * confirmed. An event holds the whole booking as of that transition, so that any later event alone is enough.
 */
import type { Booking } from "./booking.ts";
import type { BookingId } from "./ids.ts";

export const BOOKING_EVENT_TYPES = ["booking.confirmed", "booking.cancelled"] as const;
export type BookingEventType = (typeof BOOKING_EVENT_TYPES)[number];

/** The fields of the booking under their own names; its state follows from `type`. */
export type BookingEvent = Omit<Booking, "id" | "state" | "recorded"> & {
	readonly type: BookingEventType;
	/** Counter of the bucket, contiguous; a gap is an alarm. */
	readonly seq: number;
	readonly bookingId: BookingId;
	readonly confirmedAt: number;
	/** When the transition happened, by the Redis clock. */
	readonly at: number;
};
