/**
 * Booking events: what the outbox carries from the seat store to the ledger. A booking emits one event for its confirm and one for
 * each later transition. An event contains the complete booking after that transition, so a later event makes the earlier ones
 * unnecessary.
 */
import type { Booking } from "./booking.ts";
import type { BookingId } from "./ids.ts";

/** Every type of booking event. */
export const BOOKING_EVENT_TYPES = ["booking.confirmed", "booking.cancelled"] as const;
/** One of `BOOKING_EVENT_TYPES`. */
export type BookingEventType = (typeof BOOKING_EVENT_TYPES)[number];

/** One transition of a booking, with the booking's fields under their own names. `type` implies the booking's state. */
export type BookingEvent = Omit<Booking, "id" | "state" | "recorded"> & {
	readonly type: BookingEventType;
	/** The sequence number of the event in its bucket. The sequence has no gaps: a missing number means that events were lost, and raises an alarm. */
	readonly seq: number;
	readonly bookingId: BookingId;
	readonly confirmedAt: number;
	/** When the transition happened: epoch ms of the Redis clock. */
	readonly at: number;
};
