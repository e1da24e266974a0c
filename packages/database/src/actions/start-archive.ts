/** Archives a movie without showtimes to come, or notes that its showtimes have to be paused, counted and cancelled first. */
import type { MovieId, StaffCommand } from "@holdfast/domain";
import { and, eq, isNull, sql } from "drizzle-orm";
import { type AdminMovie, adminMovieColumns, adminMovieOf } from "../admin/admin-movie.ts";
import { recordAudit } from "../admin/record-audit.ts";
import { STAFF_DEADLINE_MS } from "../admin/staff-deadline.ts";
import { accepts, type VersionCondition } from "../admin/version-condition.ts";
import type { Database, Queries } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { movies, showtimeActions } from "../schema/index.ts";
import { firstTryAt } from "./showtime-action.ts";

/** A request to archive a movie. */
export type ArchiveRequest = { readonly movieId: MovieId; readonly ifVersions: VersionCondition; readonly command: StaffCommand };

/**
 * `archived`: it had no showtime to come. `started`: drive the archive of the movie; also when another request has started it. `unchanged`:
 * it is archived already, whatever `ifVersions` says.
 */
export type ArchiveStart =
	| { readonly outcome: "archived" | "unchanged" | "version_mismatch"; readonly row: AdminMovie }
	| { readonly outcome: "started" | "not_found" };

/** Archives the movie with its audit row, or adds one action per showtime to come, all or nothing. Safe to repeat. */
export function startArchive(database: Database, { movieId, ifVersions, command }: ArchiveRequest): Promise<ArchiveStart> {
	const start = async (tx: Queries): Promise<ArchiveStart> => {
		const row = await lockMovieRow(tx, movieId);
		if (row === null) return { outcome: "not_found" };
		if (row.archivedAt !== null) return { outcome: "unchanged", row };
		if (await isArchiving(tx, movieId)) return { outcome: "started" };
		if (!accepts(ifVersions, row.version)) return { outcome: "version_mismatch", row };
		if ((await addActions(tx, movieId, command)) > 0) return { outcome: "started" };
		return { outcome: "archived", row: await archiveMovie(tx, row, command) };
	};
	return writeTo(database, "administration", (queries) => queries.transaction(start), STAFF_DEADLINE_MS);
}

/** Returns the movie, locked against changes and new showtimes until the end of the transaction, or null. */
export async function lockMovieRow(tx: Queries, id: MovieId): Promise<AdminMovie | null> {
	const [row] = await tx.select(adminMovieColumns).from(movies).where(eq(movies.id, id)).for("update");
	return row === undefined ? null : adminMovieOf(row);
}

async function isArchiving(tx: Queries, movieId: MovieId): Promise<boolean> {
	const [open] = await tx
		.select({ id: showtimeActions.id })
		.from(showtimeActions)
		.where(and(eq(showtimeActions.movieId, movieId), isNull(showtimeActions.finishedAt)))
		.limit(1);
	return open !== undefined;
}

/**
 * Adds an action for each showtime of the movie to come that has no open one, and returns how many. To come: not cancelled, not over, and
 * not started or still on sale.
 */
export async function addActions(tx: Queries, movieId: MovieId, { actor, reason, requestId }: StaffCommand): Promise<number> {
	const added = await tx.execute(sql`
		insert into showtime_actions (kind, showtime_id, movie_id, step, actor, reason, request_id, next_try_at)
		select 'archive', id, movie_id, 'pause', ${actor}, ${reason}, ${requestId}, ${firstTryAt}
		from showtimes
		where movie_id = ${movieId} and state <> 'cancelled' and ends_at > now() and greatest(starts_at, sales_close_at) > now()
		order by starts_at, id
		on conflict (showtime_id, kind) where finished_at is null do nothing`);
	return added.count;
}

/** Sets `archived_at` of a locked movie, raises its version and writes the audit row. Returns the movie. */
export async function archiveMovie(tx: Queries, { id, version }: AdminMovie, command: StaffCommand): Promise<AdminMovie> {
	const [row] = await tx
		.update(movies)
		.set({ archivedAt: sql`now()`, version: version + 1 })
		.where(eq(movies.id, id))
		.returning(adminMovieColumns);
	if (row === undefined) throw new Error("the update of a locked movie returned no row");
	const fields = { before: { archived: false }, after: { archived: true } };
	await recordAudit(tx, command, [{ action: "movie.archived", target: { type: "movie", id }, ...fields }]);
	return adminMovieOf(row);
}
