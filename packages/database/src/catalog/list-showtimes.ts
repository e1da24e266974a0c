/** What is on: upcoming showtimes by start. */
import { type MovieId, parseShowtimeId } from "@holdfast/domain";
import { and, asc, eq, gt, isNull, ne, type SQL, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { type PageOutcome, type PageRequest, pageOf, parseCursor } from "../read-page.ts";
import { readFrom } from "../run-queries.ts";
import { movies, showtimes } from "../schema/index.ts";
import { type Showtime, selectShowtimes, showtimeOf } from "./showtime.ts";

export type ListShowtimesRequest = PageRequest & {
	readonly movieId?: MovieId | undefined;
	/** `YYYY-MM-DD`: a day as the venue's own calendar has it, 23 to 25 hours long where clocks change. */
	readonly date?: string | undefined;
	/** Showtimes that start later than this, epoch ms. */
	readonly nowMs: number;
};

/**
 * A page of showtimes that have not begun, by start. Cancelled ones and those of archived movies are left out. A
 * `date` that is on no calendar has no showtimes. Reads only.
 */
export async function listShowtimes(database: Database, request: ListShowtimesRequest): Promise<PageOutcome<Showtime>> {
	const { limit, movieId, date, nowMs } = request;
	const conditions: SQL[] = [gt(showtimes.startsAt, new Date(nowMs)), ne(showtimes.state, "cancelled"), isNull(movies.archivedAt)];
	if (movieId !== undefined) conditions.push(eq(showtimes.movieId, movieId));
	if (date !== undefined) {
		if (!isCalendarDay(date)) return { outcome: "page", items: [], nextCursor: null };
		conditions.push(startsOn(date));
	}
	if (request.cursor !== undefined) {
		const after = parseCursor(request.cursor, parseShowtimeId, isInstant);
		if (after === null) return { outcome: "bad_cursor" };
		const startsAt = new Date(Number(after.key)).toISOString();
		conditions.push(sql`(${showtimes.startsAt}, ${showtimes.id}) > (${startsAt}::timestamptz, ${after.id}::uuid)`);
	}
	const rows = await readFrom(database, "catalogue", (queries) =>
		selectShowtimes(queries)
			.where(and(...conditions))
			.orderBy(asc(showtimes.startsAt), asc(showtimes.id))
			.limit(limit + 1),
	);
	return pageOf(rows.map(showtimeOf), limit, (showtime) => ({ key: String(showtime.startsAt), id: showtime.id }));
}

/**
 * Starts on `date` where it is shown. The day there is asked of Postgres per row, which knows each zone's clock
 * changes (midnight itself comes twice where clocks go back to it); the outer pair of bounds (zones lie between UTC-12 and UTC+14) lets the index on `starts_at` be used.
 */
function startsOn(date: string): SQL {
	const midnight = sql`${date}::date::timestamp`;
	const nextMidnight = sql`(${date}::date + 1)::timestamp`;
	return sql`${showtimes.startsAt} >= ${midnight} at time zone 'UTC' - interval '14 hours'
		and ${showtimes.startsAt} < ${nextMidnight} at time zone 'UTC' + interval '12 hours'
		and (${showtimes.startsAt} at time zone ${showtimes.timeZone})::date = ${date}::date`;
}

/** Epoch milliseconds up to the year 9999, which Postgres and JavaScript both write with four digits. */
const isInstant = (key: string): boolean => /^\d{1,15}$/.test(key) && Number(key) < Date.UTC(10_000, 0);

/** Whether the text is a day that exists (not 30 February), in years that Postgres and JavaScript both write with four digits. */
function isCalendarDay(text: string): boolean {
	if (!/^[1-9]\d{3}-\d{2}-\d{2}$/.test(text)) return false;
	const day = new Date(`${text}T00:00:00Z`);
	return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}
