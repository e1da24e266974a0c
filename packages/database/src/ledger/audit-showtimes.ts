/**
 * Writes the audit rows of changes that staff made to showtimes, when these changes are settled. `record-showtimes.ts` passes each event
 * exactly once, in the transaction that records it, so each change has exactly one row.
 */
import type { ShowtimeEvent, ShowtimeEventType, ShowtimeId, ShowtimeTerms, StaffCommand } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { findChanges } from "../admin/find-changes.ts";
import type { Queries } from "../create-database.ts";
import type { AuditFields } from "../schema/index.ts";
import { insertRows, unnestRows } from "./unnest-rows.ts";

/** An event of a change that staff made. */
export type StaffEvent = ShowtimeEvent & { readonly command: StaffCommand };

/** Returns whether staff made the change. */
export const isStaffEvent = (event: ShowtimeEvent): event is StaffEvent => event.command !== null;

/** The terms that a change of this type sets. A row names only these, so that it never names what another command did. */
const TERMS_OF_TYPE: Record<ShowtimeEventType, readonly (keyof ShowtimeTerms)[]> = {
	"showtime.opened": ["state"],
	"showtime.paused": ["state"],
	"showtime.closed": ["state"],
	"showtime.cancelled": ["state"],
	"showtime.repriced": ["prices"],
	"showtime.window_set": ["salesOpenAt", "salesCloseAt"],
	"showtime.terms_set": ["state", "prices", "salesOpenAt", "salesCloseAt"],
	"showtime.seats_blocked": ["blockedSeats"],
	"showtime.seats_unblocked": ["blockedSeats"],
	"showtime.rescheduled": ["salesCloseAt"],
	"showtime.restated": [],
};

type AuditRow = { readonly event: StaffEvent; readonly before: AuditFields | null; readonly after: AuditFields };

/**
 * Adds one row per event, in the order of the events. Call it after the events are in the history and before the showtimes are updated.
 * `labelsOf` returns the seat labels of a showtime by seat index.
 */
export async function auditShowtimes(
	queries: Queries,
	events: readonly StaffEvent[],
	labelsOf: (id: ShowtimeId) => readonly string[],
): Promise<void> {
	if (events.length === 0) return;
	const before = await findTermsBefore(queries, events);
	const rows = events.map((event, n): AuditRow => ({ event, ...changesOf(event, before.get(n) ?? null, labelsOf(event.showtimeId)) }));
	await queries.execute(
		insertRows("audit_events", rows, {
			at: ["instant", ({ event }) => event.at],
			actor: ["uuid", ({ event }) => event.command.actor],
			action: ["text", ({ event }) => event.type],
			target_type: ["text", () => "showtime"],
			target_id: ["uuid", ({ event }) => event.showtimeId],
			showtime_id: ["uuid", ({ event }) => event.showtimeId],
			before: ["jsonb", (row) => row.before && JSON.stringify(row.before)],
			after: ["jsonb", (row) => JSON.stringify(row.after)],
			reason: ["text", ({ event }) => event.command.reason],
			request_id: ["text", ({ event }) => event.command.requestId],
		}),
	);
}

/**
 * Returns the terms before each event, by its place in `events`: those of the event before it in the history, or those of the row for the
 * first event of a showtime. Missing when neither is known: the first event was settled after a later one.
 */
async function findTermsBefore(queries: Queries, events: readonly StaffEvent[]): Promise<ReadonlyMap<number, ShowtimeTerms>> {
	const numbered = events.map((event, n) => ({ event, n }));
	const given = unnestRows(numbered, {
		n: ["integer", ({ n }) => n],
		showtime_id: ["uuid", ({ event }) => event.showtimeId],
		showtime_version: ["integer", ({ event }) => event.showtimeVersion],
		schedule_version: ["integer", ({ event }) => event.scheduleVersion],
	});
	const rows = await queries.execute<{ n: number; terms: ShowtimeTerms | null }>(sql`
		select given.n, coalesce(earlier.payload, case when showtimes.showtime_version < given.showtime_version then jsonb_build_object(
			'state', state, 'prices', prices, 'blockedSeats', blocked_seats,
			'salesOpenAt', (extract(epoch from sales_open_at) * 1000)::bigint,
			'salesCloseAt', (extract(epoch from sales_close_at) * 1000)::bigint) end) as terms
		from ${given} join showtimes on showtimes.id = given.showtime_id left join lateral (
			select payload from showtime_events
			where showtime_id = given.showtime_id
				and showtime_version <= given.showtime_version and schedule_version <= given.schedule_version
				and (showtime_version, schedule_version) <> (given.showtime_version, given.schedule_version)
			order by showtime_version desc, schedule_version desc limit 1
		) earlier on true`);
	return new Map(rows.flatMap(({ n, terms }) => (terms === null ? [] : [[n, terms] as const])));
}

/** Returns the changed fields before and after the event, as they are shown to readers. `before` is null when it is not known. */
function changesOf(event: StaffEvent, termsBefore: ShowtimeTerms | null, labels: readonly string[]): Pick<AuditRow, "before" | "after"> {
	const { movedFrom } = event;
	const names = TERMS_OF_TYPE[event.type];
	if (termsBefore === null && movedFrom === null) return { before: null, after: show(fieldsOf(event, names), labels) };
	const known = termsBefore === null ? [] : names;
	const before = { ...fieldsOf(termsBefore ?? event, known), ...movedFrom };
	const after = { ...fieldsOf(event, known), ...(movedFrom !== null && { startsAt: event.startsAt, endsAt: event.endsAt }) };
	// Without a difference the event before this one was dead-lettered. The row is written all the same.
	const changes = withoutCommonSeats(findChanges<AuditFields>(before, after) ?? { before, after });
	return { before: show(changes.before, labels), after: show(changes.after, labels) };
}

const fieldsOf = (terms: ShowtimeTerms, names: readonly (keyof ShowtimeTerms)[]): AuditFields =>
	Object.fromEntries(names.map((name) => [name, terms[name]]));

/** Leaves only those blocked seats that changed: a showtime may have 50,000, a command changes at most `BLOCK_SEATS_MAX`. */
function withoutCommonSeats({ before, after }: { before: AuditFields; after: AuditFields }): { before: AuditFields; after: AuditFields } {
	const [was, is]: unknown[] = [before.blockedSeats, after.blockedSeats];
	if (!Array.isArray(was) || !Array.isArray(is)) return { before, after };
	const [earlier, later] = [new Set<unknown>(was), new Set<unknown>(is)];
	return {
		before: { ...before, blockedSeats: was.filter((seat) => !later.has(seat)) },
		after: { ...after, blockedSeats: is.filter((seat) => !earlier.has(seat)) },
	};
}

/** Formats fields for readers: instants as ISO 8601, seats as labels. */
function show(fields: AuditFields, labels: readonly string[]): AuditFields {
	const showValue = (name: string, value: unknown): unknown => {
		if (name.endsWith("At") && typeof value === "number") return new Date(value).toISOString();
		return name === "blockedSeats" && Array.isArray(value) ? value.map((seat: number) => labels[seat] ?? String(seat)) : value;
	};
	return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, showValue(name, value)]));
}
