/**
 * Writes entries into the ledger: each event once, each booking at its highest version with its seats, and then the showtimes. Every
 * statement is idempotent: entries that were recorded before change nothing.
 */
import { type BookingEvent, type BookingId, isBookingEvent, isShowtimeEvent, type ShowtimeId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { assignSeats } from "./assign-seats.ts";
import { cancelWithShowtimes } from "./cancel-with-showtimes.ts";
import { finishActions } from "./finish-actions.ts";
import { noticeMoves } from "./notice-moves.ts";
import type { RecordContext } from "./record-context.ts";
import { recordShowtimes } from "./record-showtimes.ts";
import type { EventEntry } from "./sorted-entry.ts";
import { insertRows, type RowColumns, setExcluded } from "./unnest-rows.ts";

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
type RecordedBookings = Pick<Recorded, "recorded" | "conflicts">;

/** Records recordable entries in stream order. Call it inside a transaction that holds the lock of the bucket. */
export async function recordEntries(queries: Queries, entries: readonly EventEntry[], context: RecordContext): Promise<Recorded> {
	const events = entries.map((entry) => entry.event);
	const bookings = await recordBookings(queries, events.filter(isBookingEvent), context);
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
	return { ...bookings, recorded: bookings.recorded + showtimes.recorded, cancelledByShowtime, clashes: showtimes.clashes };
}

async function recordBookings(queries: Queries, events: readonly BookingEvent[], context: RecordContext): Promise<RecordedBookings> {
	if (events.length === 0) return { recorded: 0, conflicts: [] };
	const recorded = await insertEvents(queries, events, context.bucket);
	const folded = foldEvents(events);
	const changedIds = await upsertBookings(queries, folded);
	// The seats of a booking whose row did not change are already correct. Writing them again would undo a later version.
	const changed = folded.filter((event) => changedIds.has(event.bookingId));
	const conflicts = await assignSeats(queries, changed, context);
	return { recorded, conflicts };
}

/**
 * Returns one event per booking, the one with the highest version, in stream order. One is enough, because an event contains the whole
 * booking. Of events with the same version the first wins, as in the table.
 */
export function foldEvents(events: readonly BookingEvent[]): BookingEvent[] {
	const latest = new Map<BookingId, BookingEvent>();
	for (const event of events) {
		const known = latest.get(event.bookingId);
		if (known !== undefined && known.version >= event.version) continue;
		// Deletes the key first, so that the later event is at its own position in the stream.
		latest.delete(event.bookingId);
		latest.set(event.bookingId, event);
	}
	return [...latest.values()];
}

async function insertEvents(queries: Queries, events: readonly BookingEvent[], bucket: number): Promise<number> {
	const inserted = insertRows("booking_events", events, {
		booking_id: ["uuid", (event) => event.bookingId],
		version: ["integer", (event) => event.version],
		type: ["text", (event) => event.type],
		bucket: ["smallint", () => bucket],
		seq: ["bigint", (event) => event.seq],
		at: ["instant", (event) => event.at],
		payload: ["jsonb", (event) => JSON.stringify(event)],
	});
	const result = await queries.execute(sql`${inserted} on conflict (booking_id, version) do nothing`);
	return result.count;
}

/** The columns that change between the events of a booking; `FIXED` has those that never do. Add a new field to one of them. */
const CHANGING: RowColumns<BookingEvent> = {
	state: ["text", (event) => (event.type === "booking.confirmed" ? "CONFIRMED" : "CANCELLED")],
	version: ["integer", (event) => event.version],
	expires_at: ["instant", (event) => event.expiresAt],
	confirmed_at: ["instant", (event) => event.confirmedAt],
	cancelled_at: ["instant", (event) => event.cancelledAt],
	schedule_version: ["integer", (event) => event.scheduleVersion],
};
const FIXED: RowColumns<BookingEvent> = {
	id: ["uuid", (event) => event.bookingId],
	user_id: ["uuid", (event) => event.userId],
	showtime_id: ["uuid", (event) => event.showtimeId],
	seat_plan_id: ["uuid", (event) => event.planId],
	amount: ["bigint", (event) => event.amount],
	currency: ["text", (event) => event.currency],
	created_at: ["instant", (event) => event.createdAt],
};

/** Returns the ids of the bookings whose row was inserted or updated to a higher version. */
async function upsertBookings(queries: Queries, events: readonly BookingEvent[]): Promise<ReadonlySet<string>> {
	const rows = await queries.execute<{ id: string }>(sql`
		${insertRows("bookings", events, { ...FIXED, ...CHANGING })}
		on conflict (id) do update set ${setExcluded(CHANGING)}, recorded_at = now()
		where bookings.version < excluded.version
		returning id`);
	return new Set(rows.map((row) => row.id));
}
