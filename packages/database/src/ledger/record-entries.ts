/**
 * Writes entries into the ledger: each event once, each booking at its highest version with its seats, and then the showtimes. Every
 * statement is idempotent: entries that were recorded before change nothing.
 */
import { type BookingId, isBookingEvent, isShowtimeEvent, type ShowtimeId } from "@holdfast/domain";
import type { Queries } from "../create-database.ts";
import { cancelWithShowtimes } from "./cancel-with-showtimes.ts";
import { finishActions } from "./finish-actions.ts";
import { noticeMoves } from "./notice-moves.ts";
import { recordBookings, recordReleases } from "./record-bookings.ts";
import type { RecordContext } from "./record-context.ts";
import { recordShowtimes } from "./record-showtimes.ts";
import type { EventEntry } from "./sorted-entry.ts";

/**
 * `recorded` counts the events that the ledger did not have before. `conflicts` lists the bookings that lost a seat to another booking.
 * `cancelledByShowtime` counts the bookings that were cancelled because their showtime is cancelled. `clashes` lists the showtimes that keep
 * an older schedule, because another showtime occupies their auditorium.
 */
export type Recorded = {
	readonly recorded: number;
	readonly conflicts: readonly BookingId[];
	readonly cancelledByShowtime: number;
	readonly clashes: readonly ShowtimeId[];
};

/** Records recordable entries in stream order. Call it inside a transaction that holds the lock of the bucket. */
export async function recordEntries(queries: Queries, entries: readonly EventEntry[], context: RecordContext): Promise<Recorded> {
	const events = entries.map((entry) => entry.event);
	const bookings = await recordBookings(queries, events.filter(isBookingEvent), context);
	const released = await recordReleases(
		queries,
		events.filter((event) => event.type === "admin.released"),
		context,
	);
	const changed = events.filter(isShowtimeEvent);
	const showtimes = await recordShowtimes(queries, changed, context);
	// These are nearly always empty, and then no query is sent.
	await noticeMoves(queries, {
		moved: changed.filter(({ type }) => type === "showtime.rescheduled").map(({ showtimeId }) => showtimeId),
		bookings: events.flatMap((event) => (isBookingEvent(event) && context.outdatedBookings.has(event.bookingId) ? event.bookingId : [])),
	});
	const cancelled = new Set(events.map(({ showtimeId }) => showtimeId).filter((id) => context.cancelledShowtimes.has(id)));
	const cancelledByShowtime = await cancelWithShowtimes(queries, [...cancelled], { events: context.batch, bucket: context.bucket });
	await finishActions(queries, changed);
	const recorded = bookings.recorded + released + showtimes.recorded;
	return { ...bookings, recorded, cancelledByShowtime, clashes: showtimes.clashes };
}
