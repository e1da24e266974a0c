/**
 * Records the changes that staff made to showtimes: each event once in the history and in the audit trail, and each showtime at its highest
 * versions. Terms and schedule have separate versions, because one event may contain a new version of one and an outdated version of the
 * other.
 */
import type { ShowtimeEvent, ShowtimeId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { codeOf } from "../classify-error.ts";
import type { Queries } from "../create-database.ts";
import { auditShowtimes, isStaffEvent, type StaffEvent } from "./audit-showtimes.ts";
import type { RecordContext } from "./record-context.ts";
import { givenInstant, insertRows, type RowColumns, setGiven, unnestRows } from "./unnest-rows.ts";

/** SQLSTATE of a row that the exclusion constraint `showtimes_do_not_overlap` refuses. */
const EXCLUSION_VIOLATION = "23P01";

/**
 * `recorded`: the number of events that the ledger did not have. `clashes`: showtimes that keep an older schedule, because another showtime
 * of their auditorium occupies the newer one.
 */
export type RecordedShowtimes = { readonly recorded: number; readonly clashes: readonly ShowtimeId[] };

/** Records events of one bucket in stream order. Recording twice changes nothing. */
export async function recordShowtimes(
	queries: Queries,
	events: readonly ShowtimeEvent[],
	{ bucket, labelsByShowtime }: Pick<RecordContext, "bucket" | "labelsByShowtime">,
): Promise<RecordedShowtimes> {
	if (events.length === 0) return { recorded: 0, clashes: [] };
	const firsts = firstOfKeys(events);
	const ofStaff = firstOfKeys(events.filter(isStaffEvent));
	const inserted = await insertEvents(queries, [...firsts.values()], bucket);
	const isInserted = (key: string): boolean => inserted.has(key) && firsts.get(key) === ofStaff.get(key);
	const others = [...ofStaff].filter(([key]) => !isInserted(key)).map(([, event]) => event);
	const replaced = await replaceRestatements(queries, others, bucket);
	const audited = [...ofStaff].filter(([key]) => isInserted(key) || replaced.has(key)).map(([, event]) => event);
	await auditShowtimes(queries, audited, (id) => labelsByShowtime.get(id) ?? []);
	await updateTerms(queries, foldShowtimes(events, "showtimeVersion"));
	const clashes = await updateSchedules(queries, foldShowtimes(events, "scheduleVersion"));
	return { recorded: inserted.size + replaced.size, clashes };
}

/** Returns one event per showtime, the one with the highest version of a group. Of equal versions the first wins, as in the table. */
function foldShowtimes(events: readonly ShowtimeEvent[], group: "showtimeVersion" | "scheduleVersion"): ShowtimeEvent[] {
	const latest = new Map<ShowtimeId, ShowtimeEvent>();
	for (const event of events) {
		const known = latest.get(event.showtimeId);
		if (known === undefined || known[group] < event[group]) latest.set(event.showtimeId, event);
	}
	return [...latest.values()];
}

const KEY: RowColumns<ShowtimeEvent> = {
	showtime_id: ["uuid", (event) => event.showtimeId],
	showtime_version: ["integer", (event) => event.showtimeVersion],
	schedule_version: ["integer", (event) => event.scheduleVersion],
};
const columnsOf = (bucket: number): RowColumns<ShowtimeEvent> => ({
	seq: ["bigint", (event) => event.seq],
	type: ["text", (event) => event.type],
	bucket: ["smallint", () => bucket],
	at: ["instant", (event) => event.at],
	payload: ["jsonb", (event) => JSON.stringify(event)],
});
const RETURN_KEY = sql`returning showtime_events.showtime_id || ' ' || showtime_events.showtime_version || ' ' || showtime_events.schedule_version as key`;
const keyOf = ({ showtimeId, showtimeVersion, scheduleVersion }: ShowtimeEvent): string =>
	`${showtimeId} ${showtimeVersion} ${scheduleVersion}`;

/** Returns the first event of each key, in stream order. */
function firstOfKeys<Event extends ShowtimeEvent>(events: readonly Event[]): ReadonlyMap<string, Event> {
	const firsts = new Map<string, Event>();
	for (const event of events) if (!firsts.has(keyOf(event))) firsts.set(keyOf(event), event);
	return firsts;
}

/** Inserts events, and returns the keys of those that the ledger did not have. */
async function insertEvents(queries: Queries, events: readonly ShowtimeEvent[], bucket: number): Promise<ReadonlySet<string>> {
	const inserted = insertRows("showtime_events", events, { ...KEY, ...columnsOf(bucket) });
	const rows = await queries.execute<{ key: string }>(
		sql`${inserted} on conflict (showtime_id, showtime_version, schedule_version) do nothing ${RETURN_KEY}`,
	);
	return new Set(rows.map(({ key }) => key));
}

/**
 * Replaces a restatement in the history by the change that it restated. A rebuild restates a change whose entry was dead-lettered; when
 * the dead letter is settled after all, it still has to be audited, once. Returns the keys of the events that replaced one.
 */
async function replaceRestatements(queries: Queries, events: readonly StaffEvent[], bucket: number): Promise<ReadonlySet<string>> {
	if (events.length === 0) return new Set();
	const columns = columnsOf(bucket);
	const rows = await queries.execute<{ key: string }>(sql`
		update showtime_events set ${setGiven(columns)}
		from ${unnestRows(events, { ...KEY, ...columns })}
		where showtime_events.showtime_id = given.showtime_id and showtime_events.showtime_version = given.showtime_version
			and showtime_events.schedule_version = given.schedule_version and showtime_events.type = 'showtime.restated'
		${RETURN_KEY}`);
	return new Set(rows.map(({ key }) => key));
}

async function updateTerms(queries: Queries, events: readonly ShowtimeEvent[]): Promise<void> {
	const given = unnestRows(events, {
		id: ["uuid", (event) => event.showtimeId],
		version: ["integer", (event) => event.showtimeVersion],
		state: ["text", (event) => event.state],
		price_version: ["integer", (event) => event.priceVersion],
		prices: ["text", (event) => JSON.stringify(event.prices)],
		currency: ["text", (event) => event.currency],
		sales_open_at: ["bigint", (event) => event.salesOpenAt],
		sales_close_at: ["bigint", (event) => event.salesCloseAt],
		blocked_seats: ["text", (event) => `{${event.blockedSeats.toSorted((a, b) => a - b)}}`],
	});
	await queries.execute(sql`
		update showtimes set
			state = given.state, price_version = given.price_version, prices = given.prices::jsonb, currency = given.currency,
			sales_open_at = ${givenInstant("sales_open_at")}, sales_close_at = ${givenInstant("sales_close_at")},
			blocked_seats = given.blocked_seats::integer[], showtime_version = given.version
		from ${given}
		where showtimes.id = given.id and showtimes.showtime_version < given.version`);
}

/**
 * Updates schedules, and returns the showtimes that must keep theirs. The ledger is normally ahead: a move is decided there first. Only a
 * ledger that was restored from a backup is behind, and it may have given the auditorium away since. To refuse the event would dead-letter
 * it and every later one of its showtime, because each carries the schedule.
 */
async function updateSchedules(queries: Queries, events: readonly ShowtimeEvent[]): Promise<ShowtimeId[]> {
	if (await tryUpdateSchedules(queries, events)) return [];
	let left = events;
	for (;;) {
		const clashing: ShowtimeEvent[] = [];
		for (const event of left) if (!(await tryUpdateSchedules(queries, [event]))) clashing.push(event);
		// One that moved may have made room for another, so the rest is tried again as long as one moves.
		if (clashing.length === 0 || clashing.length === left.length) return clashing.map(({ showtimeId }) => showtimeId);
		left = clashing;
	}
}

/** Updates all of these schedules or none. False when one would overlap another showtime of its auditorium. */
async function tryUpdateSchedules(queries: Queries, events: readonly ShowtimeEvent[]): Promise<boolean> {
	const given = unnestRows(events, {
		id: ["uuid", (event) => event.showtimeId],
		version: ["integer", (event) => event.scheduleVersion],
		starts_at: ["bigint", (event) => event.startsAt],
		ends_at: ["bigint", (event) => event.endsAt],
	});
	const update = sql`
		update showtimes set
			starts_at = ${givenInstant("starts_at")}, ends_at = ${givenInstant("ends_at")},
			occupied_until = ${givenInstant("ends_at")} + (showtimes.occupied_until - showtimes.ends_at), schedule_version = given.version
		from ${given}
		where showtimes.id = given.id and showtimes.schedule_version < given.version`;
	try {
		await queries.transaction((savepoint) => savepoint.execute(update));
		return true;
	} catch (error) {
		if (codeOf(error) !== EXCLUSION_VIOLATION) throw error;
		return false;
	}
}
