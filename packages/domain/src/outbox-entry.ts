/** An entry of the outbox, as the seat store reads it from Redis and the ledger settles it. */
import type { BookingEvent, ReleaseEvent } from "./booking-event.ts";
import type { ShowtimeEvent } from "./showtime-event.ts";

/**
 * The versions of an entry's fields that this code reads. An entry has the lowest version that knows all its fields and its type, so that a
 * sweeper of the version before settles what it understands. An entry with a version above `newest` stops the settling of its bucket until
 * the sweeper is upgraded. 2: bookings, and changes of showtimes. 3: the command of staff about a showtime, the schedule before a move, and
 * the type `showtime.terms_set`. 4: the commands of staff about a booking, and the types `booking.reseated` and `admin.released`.
 */
export const EVENT_SCHEMAS = { oldest: 2, newest: 4 } as const;

/** Every kind of event that an outbox carries. */
export type OutboxEvent = BookingEvent | ReleaseEvent | ShowtimeEvent;

/** Whether the event is a transition of a booking that the ledger has or gets. */
export function isBookingEvent(event: OutboxEvent): event is BookingEvent {
	return event.type === "booking.confirmed" || event.type === "booking.cancelled" || event.type === "booking.reseated";
}

/** Whether the event is a change of a showtime. */
export function isShowtimeEvent(event: OutboxEvent): event is ShowtimeEvent {
	return !isBookingEvent(event) && event.type !== "admin.released";
}

/** One entry of a bucket's outbox. */
export type OutboxEntry = {
	readonly entryId: string;
	/** The epoch of the entry's showtime in the seat store, read atomically with the entry; 0 if the showtime is not installed. */
	readonly epoch: number;
	/** The parsed event; null if the fields cannot be parsed. */
	readonly event: OutboxEvent | null;
	/** The fields as they are in the stream. A dead letter keeps them. */
	readonly raw: Readonly<Record<string, string>>;
};
