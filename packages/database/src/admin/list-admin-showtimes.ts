/** Lists and reads showtimes for staff: past, cancelled and upcoming ones. */
import { type AuditoriumId, type MovieId, parseShowtimeId, type ShowtimeId, type ShowtimeState } from "@holdfast/domain";
import { and, asc, eq, gte, lt, type SQL, sql } from "drizzle-orm";
import { isInstantKey } from "../catalog/list-showtimes.ts";
import type { Database, ReadQueries } from "../create-database.ts";
import { type PageOutcome, type PageRequest, pageOf, parseCursor } from "../read-page.ts";
import { readFrom } from "../run-queries.ts";
import { showtimes } from "../schema/index.ts";
import { type AdminShowtime, adminShowtimeOf, selectAdminShowtimes } from "./admin-showtime.ts";
import { STAFF_DEADLINE_MS } from "./staff-deadline.ts";

/** Selects showtimes. Without a filter, all of them. */
export type ListAdminShowtimesRequest = PageRequest & {
	readonly auditoriumId?: AuditoriumId | undefined;
	readonly movieId?: MovieId | undefined;
	readonly state?: ShowtimeState | undefined;
	/** Only showtimes that start at this instant or later, epoch ms. */
	readonly from?: number | undefined;
	/** Only showtimes that start before this instant, epoch ms. */
	readonly to?: number | undefined;
};

/** Returns a page of showtimes by start, or `bad_cursor`. Changes nothing. */
export async function listAdminShowtimes(database: Database, request: ListAdminShowtimesRequest): Promise<PageOutcome<AdminShowtime>> {
	const { limit, auditoriumId, movieId, state, from, to } = request;
	const conditions: SQL[] = [];
	if (auditoriumId !== undefined) conditions.push(eq(showtimes.auditoriumId, auditoriumId));
	if (movieId !== undefined) conditions.push(eq(showtimes.movieId, movieId));
	if (state !== undefined) conditions.push(eq(showtimes.state, state));
	if (from !== undefined) conditions.push(gte(showtimes.startsAt, new Date(from)));
	if (to !== undefined) conditions.push(lt(showtimes.startsAt, new Date(to)));
	if (request.cursor !== undefined) {
		const after = parseCursor(request.cursor, parseShowtimeId, isInstantKey);
		if (after === null) return { outcome: "bad_cursor" };
		const startsAt = new Date(Number(after.key)).toISOString();
		conditions.push(sql`(${showtimes.startsAt}, ${showtimes.id}) > (${startsAt}::timestamptz, ${after.id}::uuid)`);
	}
	const rows = await readFrom(database, "administration", (queries) =>
		selectAdminShowtimes(queries)
			.where(and(...conditions))
			.orderBy(asc(showtimes.startsAt), asc(showtimes.id))
			.limit(limit + 1),
	);
	return pageOf(rows.map(adminShowtimeOf), limit, (showtime) => ({ key: String(showtime.startsAt), id: showtime.id }));
}

/** Returns the showtime as the ledger has it, or null when it does not exist. */
export async function findAdminShowtime(database: Database, id: ShowtimeId): Promise<AdminShowtime | null> {
	const find = (queries: ReadQueries) => selectAdminShowtimes(queries).where(eq(showtimes.id, id));
	const [row] = await readFrom(database, "administration", find, STAFF_DEADLINE_MS);
	return row === undefined ? null : adminShowtimeOf(row);
}
