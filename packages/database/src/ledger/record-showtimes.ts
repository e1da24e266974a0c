/**
 * Records the changes that admins made to showtimes: each event once in the history, and each showtime at its highest versions. Terms and
 * schedule have separate versions, because one event may contain a new version of one and an outdated version of the other.
 */
import type { ShowtimeEvent, ShowtimeId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { givenInstant, insertRows, unnestRows } from "./unnest-rows.ts";

/**
 * Records events of one bucket in stream order. Returns the number of events that the ledger did not have. Recording twice changes nothing.
 */
export async function recordShowtimes(queries: Queries, events: readonly ShowtimeEvent[], bucket: number): Promise<number> {
	if (events.length === 0) return 0;
	const recorded = await insertEvents(queries, events, bucket);
	await updateTerms(queries, foldShowtimes(events, "showtimeVersion"));
	await updateSchedules(queries, foldShowtimes(events, "scheduleVersion"));
	return recorded;
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

async function insertEvents(queries: Queries, events: readonly ShowtimeEvent[], bucket: number): Promise<number> {
	const inserted = insertRows("showtime_events", events, {
		showtime_id: ["uuid", (event) => event.showtimeId],
		seq: ["bigint", (event) => event.seq],
		type: ["text", (event) => event.type],
		bucket: ["smallint", () => bucket],
		showtime_version: ["integer", (event) => event.showtimeVersion],
		schedule_version: ["integer", (event) => event.scheduleVersion],
		at: ["instant", (event) => event.at],
		payload: ["jsonb", (event) => JSON.stringify(event)],
	});
	const result = await queries.execute(sql`${inserted} on conflict (showtime_id, showtime_version, schedule_version) do nothing`);
	return result.count;
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

async function updateSchedules(queries: Queries, events: readonly ShowtimeEvent[]): Promise<void> {
	const given = unnestRows(events, {
		id: ["uuid", (event) => event.showtimeId],
		version: ["integer", (event) => event.scheduleVersion],
		starts_at: ["bigint", (event) => event.startsAt],
		ends_at: ["bigint", (event) => event.endsAt],
	});
	await queries.execute(sql`
		update showtimes set
			starts_at = ${givenInstant("starts_at")}, ends_at = ${givenInstant("ends_at")},
			occupied_until = ${givenInstant("ends_at")} + (showtimes.occupied_until - showtimes.ends_at), schedule_version = given.version
		from ${given}
		where showtimes.id = given.id and showtimes.schedule_version < given.version`);
}
