/** What the outbox carries from the seat store to the ledger, and how one entry of it is handed on. */
import type { BookingEvent } from "./booking-event.ts";
import type { ShowtimeEvent } from "./showtime-event.ts";

/** Version of the entry's fields; an entry with a higher one halts the sweeper until it is upgraded. */
export const EVENT_SCHEMA = 2;

/** Whatever an outbox may carry. */
export type OutboxEvent = BookingEvent | ShowtimeEvent;

/** Tell the two kinds apart. */
export function isBookingEvent(event: OutboxEvent): event is BookingEvent {
	return event.type === "booking.confirmed" || event.type === "booking.cancelled";
}

/** One entry of a bucket's outbox, as the seat store hands it to the ledger. */
export type OutboxEntry = {
	readonly entryId: string;
	/** The epoch its showtime is installed under, read in the same instant as the entry; 0 when the seat store knows none. */
	readonly epoch: number;
	/** Null when the fields make no sense. */
	readonly event: OutboxEvent | null;
	/** The fields as they are in the stream, kept whole for a dead letter. */
	readonly raw: Readonly<Record<string, string>>;
};
