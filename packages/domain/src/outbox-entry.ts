/** An entry of the outbox, as the seat store reads it from Redis and the ledger settles it. */
import type { BookingEvent } from "./booking-event.ts";
import type { ShowtimeEvent } from "./showtime-event.ts";

/** Version of the entry's fields. An entry with a higher version stops the settling of its bucket until the sweeper is upgraded. */
export const EVENT_SCHEMA = 2;

/** Every kind of event that an outbox carries. */
export type OutboxEvent = BookingEvent | ShowtimeEvent;

/** Whether the event is about a booking; otherwise it is about a showtime. */
export function isBookingEvent(event: OutboxEvent): event is BookingEvent {
	return event.type === "booking.confirmed" || event.type === "booking.cancelled";
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
