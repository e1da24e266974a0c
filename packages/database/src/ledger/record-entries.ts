/**
 * Write entries into the ledger: each event once, each booking at its highest version with its seats, and then each
 * showtime. Every statement is shaped so that entries which were written before change nothing.
 */
import { type BookingEvent, type BookingId, isBookingEvent } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { assignSeats } from "./assign-seats.ts";
import { cancelWithShowtimes } from "./cancel-with-showtimes.ts";
import type { EventEntry } from "./judged-entry.ts";
import type { RecordContext } from "./record-context.ts";
import { recordShowtimes } from "./record-showtimes.ts";
import { givenInstant, unnestRows } from "./unnest-rows.ts";

/**
 * `recorded` counts events the ledger did not have; `conflicts` names bookings that lost a seat to another owner;
 * `cancelledByShowtime` counts bookings cancelled because their showtime is.
 */
export type Recorded = { readonly recorded: number; readonly conflicts: readonly BookingId[]; readonly cancelledByShowtime: number };
type RecordedBookings = Omit<Recorded, "cancelledByShowtime">;

/** Record live entries, in stream order. Run it inside a transaction that holds the bucket's lock. */
export async function recordEntries(queries: Queries, entries: readonly EventEntry[], context: RecordContext): Promise<Recorded> {
	const events = entries.map((entry) => entry.event);
	const bookings = await recordBookings(queries, events.filter(isBookingEvent), context);
	const showtimes = await recordShowtimes(
		queries,
		events.filter((event) => !isBookingEvent(event)),
		context.bucket,
	);
	// Nearly always none, and then nothing is asked.
	const cancelled = new Set(events.map(({ showtimeId }) => showtimeId).filter((id) => context.cancelledShowtimes.has(id)));
	const cancelledByShowtime = await cancelWithShowtimes(queries, [...cancelled], { events: context.batch, bucket: context.bucket });
	return { ...bookings, recorded: bookings.recorded + showtimes, cancelledByShowtime };
}

async function recordBookings(queries: Queries, events: readonly BookingEvent[], context: RecordContext): Promise<RecordedBookings> {
	if (events.length === 0) return { recorded: 0, conflicts: [] };
	const recorded = await insertEvents(queries, events, context.bucket);
	const folded = foldEvents(events);
	const changedIds = await upsertBookings(queries, folded);
	// A booking whose row did not change has its seats as they should be: touching them would undo a later version.
	const changed = folded.filter((event) => changedIds.has(event.bookingId));
	const conflicts = await assignSeats(queries, changed, context);
	return { recorded, conflicts };
}

/**
 * One event per booking, that of its highest version; an event holds the whole booking, so it is enough. Of equals the
 * first stands, as it does in the table. In stream order.
 */
export function foldEvents(events: readonly BookingEvent[]): BookingEvent[] {
	const latest = new Map<BookingId, BookingEvent>();
	for (const event of events) {
		const known = latest.get(event.bookingId);
		if (known !== undefined && known.version >= event.version) continue;
		// Taken out first, so that it moves to its place in the stream.
		latest.delete(event.bookingId);
		latest.set(event.bookingId, event);
	}
	return [...latest.values()];
}

async function insertEvents(queries: Queries, events: readonly BookingEvent[], bucket: number): Promise<number> {
	const given = unnestRows(events, {
		booking_id: ["uuid", (event) => event.bookingId],
		version: ["integer", (event) => event.version],
		type: ["text", (event) => event.type],
		seq: ["bigint", (event) => event.seq],
		at: ["bigint", (event) => event.at],
		payload: ["text", (event) => JSON.stringify(event)],
	});
	const result = await queries.execute(sql`
		insert into booking_events (booking_id, version, type, bucket, seq, at, payload)
		select booking_id, version, type, ${bucket}::smallint, seq, ${givenInstant("at")}, payload::jsonb from ${given}
		on conflict (booking_id, version) do nothing`);
	return result.count;
}

/** Gives the ids of the bookings whose row was added or raised to a higher version. */
async function upsertBookings(queries: Queries, events: readonly BookingEvent[]): Promise<ReadonlySet<string>> {
	const given = unnestRows(events, {
		id: ["uuid", (event) => event.bookingId],
		user_id: ["uuid", (event) => event.userId],
		showtime_id: ["uuid", (event) => event.showtimeId],
		seat_plan_id: ["uuid", (event) => event.planId],
		state: ["text", (event) => (event.type === "booking.confirmed" ? "CONFIRMED" : "CANCELLED")],
		version: ["integer", (event) => event.version],
		amount: ["bigint", (event) => event.amount],
		currency: ["text", (event) => event.currency],
		created_at: ["bigint", (event) => event.createdAt],
		expires_at: ["bigint", (event) => event.expiresAt],
		confirmed_at: ["bigint", (event) => event.confirmedAt],
		cancelled_at: ["bigint", (event) => event.cancelledAt],
		schedule_version: ["integer", (event) => event.scheduleVersion],
	});
	const rows = await queries.execute<{ id: string }>(sql`
		insert into bookings (id, user_id, showtime_id, seat_plan_id, state, version, amount, currency,
			created_at, expires_at, confirmed_at, cancelled_at, schedule_version)
		select id, user_id, showtime_id, seat_plan_id, state, version, amount, currency,
			${givenInstant("created_at")}, ${givenInstant("expires_at")}, ${givenInstant("confirmed_at")}, ${givenInstant("cancelled_at")},
			schedule_version
		from ${given}
		on conflict (id) do update set
			state = excluded.state, version = excluded.version, expires_at = excluded.expires_at, confirmed_at = excluded.confirmed_at,
			cancelled_at = excluded.cancelled_at, schedule_version = excluded.schedule_version, recorded_at = now()
		where bookings.version < excluded.version
		returning id`);
	return new Set(rows.map((row) => row.id));
}
