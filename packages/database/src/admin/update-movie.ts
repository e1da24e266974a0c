/** Changes fields of a movie, and brings an archived movie back. */
import type { MovieId, StaffCommand } from "@holdfast/domain";
import { eq } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { movies } from "../schema/index.ts";
import { type AdminMovie, adminMovieColumns, adminMovieOf, type MovieFields, movieFieldsOf } from "./admin-movie.ts";
import { type Changes, findChanges } from "./find-changes.ts";
import { recordAudit } from "./record-audit.ts";
import { accepts, type ChangeOutcome, type VersionCondition } from "./version-condition.ts";

/** The fields to change; absent ones stay. `archived: false` brings an archived movie back into the catalogue. */
export type MovieChanges = Changes<MovieFields> & { readonly archived?: false | undefined };

/**
 * Changes the movie, raises its version by one and writes one audit row, all or nothing. A new `durationMinutes` counts for showtimes that
 * are scheduled later. Waits for a concurrent change of the same movie, at most the lock timeout of `administration`.
 */
export function updateMovie(
	database: Database,
	id: MovieId,
	{ changes, ifVersions, command }: { changes: MovieChanges; ifVersions: VersionCondition; command: StaffCommand },
): Promise<ChangeOutcome<AdminMovie>> {
	return writeTo(database, "administration", (queries) =>
		queries.transaction(async (tx): Promise<ChangeOutcome<AdminMovie>> => {
			const [found] = await tx.select(adminMovieColumns).from(movies).where(eq(movies.id, id)).for("update");
			if (found === undefined) return { outcome: "not_found" };
			const current = adminMovieOf(found);
			if (!accepts(ifVersions, current.version)) return { outcome: "version_mismatch", row: current };
			const changed = findChanges({ ...movieFieldsOf(current), archived: current.archivedAt !== null }, changes);
			if (changed === null) return { outcome: "unchanged", row: current };
			const { archived, ...fields } = changed.after;
			const [row] = await tx
				.update(movies)
				.set({ ...fields, ...(archived === false && { archivedAt: null }), version: current.version + 1 })
				.where(eq(movies.id, id))
				.returning(adminMovieColumns);
			if (row === undefined) throw new Error("the update of a locked movie returned no row");
			await recordAudit(tx, command, [{ action: "movie.updated", target: { type: "movie", id }, ...changed }]);
			return { outcome: "changed", row: adminMovieOf(row) };
		}),
	);
}
