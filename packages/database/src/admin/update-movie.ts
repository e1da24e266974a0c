/** Changes fields of a movie, and brings an archived movie back. */
import type { MovieId } from "@holdfast/domain";
import { eq } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { movies } from "../schema/index.ts";
import { type AdminMovie, adminMovieColumns, adminMovieOf, type MovieFields, movieFieldsOf } from "./admin-movie.ts";
import { type ChangeRequest, changeResource } from "./change-resource.ts";
import type { ChangeOutcome } from "./version-condition.ts";

type ChangeableMovie = MovieFields & { readonly archived: boolean };

/**
 * Changes the movie (`archived: false` brings it back into the catalogue), raises its version by one and writes one audit row, all or nothing. A new `durationMinutes` counts for showtimes that
 * are scheduled later. Waits for a concurrent change of the same movie, at most the lock timeout of `administration`.
 */
export function updateMovie(
	database: Database,
	id: MovieId,
	request: ChangeRequest<MovieFields & { readonly archived: false }>,
): Promise<ChangeOutcome<AdminMovie>> {
	return writeTo(database, "administration", (queries) =>
		queries.transaction(async (tx) => {
			const [found] = await tx.select(adminMovieColumns).from(movies).where(eq(movies.id, id)).for("update");
			return changeResource<AdminMovie, ChangeableMovie>(tx, request, {
				action: "movie.updated",
				target: { type: "movie", id },
				found: found && adminMovieOf(found),
				fieldsOf: (movie) => ({ ...movieFieldsOf(movie), archived: movie.archivedAt !== null }),
				write: async ({ archived, ...fields }, version) => {
					const [row] = await tx
						.update(movies)
						.set({ ...fields, ...(archived === false && { archivedAt: null }), version })
						.where(eq(movies.id, id))
						.returning(adminMovieColumns);
					return row && adminMovieOf(row);
				},
			});
		}),
	);
}
