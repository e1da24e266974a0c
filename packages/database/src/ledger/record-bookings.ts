/**
 * Writes booking events into the ledger: each event once, and each booking at its highest version with its seats. What staff did also gets
 * its audit rows, notices and refunds, in the same transaction.
 */
import type { BookingEvent, BookingId, ReleaseEvent } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { assignSeats, dropLeftSeats, loseSeats } from "./assign-seats.ts";
import { auditBookings, isOfStaff, type StaffBookingEvent } from "./audit-bookings.ts";
import { noticeBookings } from "./notice-bookings.ts";
import type { RecordContext } from "./record-context.ts";
import { insertRows, type RowColumns, setExcluded, unnestRows } from "./unnest-rows.ts";
import { openStaffRefunds, withdrawRefunds } from "./withdraw-refunds.ts";

/** `recorded`: the number of events that the ledger did not have. `conflicts`: bookings that lost a seat to another booking. */
export type RecordedBookings = { readonly recorded: number; readonly conflicts: readonly BookingId[] };

/** Records the events of bookings in stream order. Recording twice changes nothing. */
export async function recordBookings(queries: Queries, events: readonly BookingEvent[], context: RecordContext): Promise<RecordedBookings> {
	if (events.length === 0) return { recorded: 0, conflicts: [] };
	const { recorded, added, known } = await insertEvents(queries, events, context.bucket);
	const folded = foldEvents(events);
	const rows = await upsertBookings(queries, folded);
	// The seats of a booking whose row did not change are already correct. Writing them again would undo a later version.
	const changed = folded.filter(({ bookingId }) => rows.has(bookingId));
	await dropLeftSeats(
		queries,
		changed.filter(({ bookingId }) => rows.get(bookingId) === "updated"),
	);
	const refunded = await withdrawRefunds(queries, changed);
	const lost = await assignSeats(queries, changed, { ...context, refunded });
	const overtaken = await findOvertaken(queries, known);
	const moved = overtaken.filter(({ type, bookingId }) => type === "booking.reseated" && !rows.has(bookingId));
	await loseSeats(queries, moved, context);
	const conflicts = [...lost, ...moved.map(({ bookingId }) => bookingId)];
	await openStaffRefunds(queries, changed);
	await noticeBookings(
		queries,
		added.filter(({ bookingId }) => !conflicts.includes(bookingId)),
		context,
	);
	await auditBookings(queries, [...added, ...overtaken], context);
	return { recorded, conflicts };
}

/** Records that staff released holds: in the history and in the audit trail, and nowhere else. Recording twice changes nothing. */
export async function recordReleases(queries: Queries, events: readonly ReleaseEvent[], context: RecordContext): Promise<number> {
	if (events.length === 0) return 0;
	const { recorded, added } = await insertEvents(queries, events, context.bucket);
	await auditBookings(queries, added, context);
	return recorded;
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

const keyOf = ({ bookingId, version }: BookingEvent | ReleaseEvent): string => `${bookingId} ${version}`;

/** `added` and `known`: the events of staff that the ledger did not have, and those that it had. */
type Inserted<Event> = {
	readonly recorded: number;
	readonly added: readonly (Event & StaffBookingEvent)[];
	readonly known: readonly (Event & StaffBookingEvent)[];
};

async function insertEvents<Event extends BookingEvent | ReleaseEvent>(
	queries: Queries,
	events: readonly Event[],
	bucket: number,
): Promise<Inserted<Event>> {
	const inserted = insertRows("booking_events", events, {
		booking_id: ["uuid", (event) => event.bookingId],
		version: ["integer", (event) => event.version],
		type: ["text", (event) => event.type],
		bucket: ["smallint", () => bucket],
		seq: ["bigint", (event) => event.seq],
		at: ["instant", (event) => event.at],
		payload: ["jsonb", (event) => JSON.stringify(event)],
	});
	const ofStaff = new Map(
		events
			.filter(isOfStaff)
			.toReversed()
			.map((event) => [keyOf(event), event]),
	);
	// A batch of buyers' events, as most are, needs no list of what was added.
	const returning = ofStaff.size === 0 ? sql`` : sql`returning booking_id || ' ' || version as key`;
	const result = await queries.execute<{ key: string }>(sql`${inserted} on conflict (booking_id, version) do nothing ${returning}`);
	const keys = new Set([...result].map(({ key }) => key));
	const staff = [...ofStaff].toReversed();
	return {
		recorded: result.count,
		added: staff.flatMap(([key, event]) => (keys.has(key) ? [event] : [])),
		known: staff.flatMap(([key, event]) => (keys.has(key) ? [] : [event])),
	};
}

/** The columns that change between the events of a booking; `FIXED` has those that never do. Add a new field to one of them. */
const CHANGING: RowColumns<BookingEvent> = {
	state: ["text", (event) => (event.type === "booking.cancelled" ? "CANCELLED" : "CONFIRMED")],
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

/** Returns the ids of the bookings whose row was inserted, or updated to a higher version. */
async function upsertBookings(queries: Queries, events: readonly BookingEvent[]): Promise<ReadonlyMap<string, "inserted" | "updated">> {
	// xmax of a row that was inserted is 0; an update has locked the row before.
	const rows = await queries.execute<{ id: string; is_new: boolean }>(sql`
		${insertRows("bookings", events, { ...FIXED, ...CHANGING })}
		on conflict (id) do update set ${setExcluded(CHANGING)}, recorded_at = now()
		where bookings.version < excluded.version
		returning id, xmax = 0 as is_new`);
	return new Map(rows.map((row) => [row.id, row.is_new ? "inserted" : "updated"]));
}

/**
 * Returns those of the events, which the ledger had already, whose version a conflict has taken: the ledger gave a seat of the booking away
 * before staff changed it in the seat store. They still need their audit rows, once.
 */
async function findOvertaken(
	queries: Queries,
	events: readonly (BookingEvent & StaffBookingEvent)[],
): Promise<(BookingEvent & StaffBookingEvent)[]> {
	if (events.length === 0) return [];
	const given = unnestRows(events, {
		booking_id: ["uuid", (event) => event.bookingId],
		version: ["integer", (event) => event.version],
		request_id: ["text", (event) => event.staff.commands[0]?.requestId ?? null],
	});
	const rows = await queries.execute<{ key: string }>(sql`
		select given.booking_id || ' ' || given.version as key
		from ${given} join booking_events on booking_events.booking_id = given.booking_id and booking_events.version = given.version
		where booking_events.type = 'booking.conflict' and not exists (
			select from audit_events where target_id = given.booking_id and audit_events.request_id = given.request_id)`);
	const keys = new Set(rows.map(({ key }) => key));
	return events.filter((event) => keys.has(keyOf(event)));
}
