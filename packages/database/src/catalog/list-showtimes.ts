/** Lists upcoming showtimes by start, with an optional movie and date. */
import { isLocalDate, type MovieId, parseShowtimeId } from "@holdfast/domain";
import { and, asc, eq, gt, isNull, ne, type SQL, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { isInstantKey, type PageOutcome, type PageRequest, pageOf, parseCursor } from "../read-page.ts";
import { readFrom } from "../run-queries.ts";
import { movies, showtimes } from "../schema/index.ts";
import { type Showtime, selectShowtimes, showtimeOf } from "./showtime.ts";

/** Selects upcoming showtimes. Without `movieId` and `date`, all of them. */
export type ListShowtimesRequest = PageRequest & {
	readonly movieId?: MovieId | undefined;
	/** `YYYY-MM-DD`: a day in the time zone of the venue, 23 to 25 hours long where clocks change. */
	readonly date?: string | undefined;
	/** Only showtimes that start after this instant, epoch ms. */
	readonly nowMs: number;
};

/**
 * Returns a page of the showtimes that have not started, by start, or `bad_cursor`. Excludes cancelled showtimes and those of archived
 * movies. A `date` that is not a calendar date gives an empty page. Changes nothing.
 */
export async function listShowtimes(database: Database, request: ListShowtimesRequest): Promise<PageOutcome<Showtime>> {
	const { limit, movieId, date, nowMs } = request;
	const conditions: SQL[] = [gt(showtimes.startsAt, new Date(nowMs)), ne(showtimes.state, "cancelled"), isNull(movies.archivedAt)];
	if (movieId !== undefined) conditions.push(eq(showtimes.movieId, movieId));
	if (date !== undefined) {
		if (!isLocalDate(date)) return { outcome: "page", items: [], nextCursor: null };
		conditions.push(startsOn(date));
	}
	if (request.cursor !== undefined) {
		const after = parseCursor(request.cursor, parseShowtimeId, isInstantKey);
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
 * Returns the condition that a showtime starts on `date` in the time zone of its venue. Postgres computes that day for each row, because
 * it knows the clock changes of each zone (a clock change can repeat midnight). The outer pair of bounds lets Postgres use the index on
 * `starts_at`: time zones lie between UTC-12 and UTC+14.
 */
function startsOn(date: string): SQL {
	const midnight = sql`${date}::date::timestamp`;
	const nextMidnight = sql`(${date}::date + 1)::timestamp`;
	return sql`${showtimes.startsAt} >= ${midnight} at time zone 'UTC' - interval '14 hours'
		and ${showtimes.startsAt} < ${nextMidnight} at time zone 'UTC' + interval '12 hours'
		and (${showtimes.startsAt} at time zone ${showtimes.timeZone})::date = ${date}::date`;
}
