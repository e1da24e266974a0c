/** Lists and reads movies for staff, archived ones included. */
import type { MovieId } from "@holdfast/domain";
import { and, asc, eq, isNotNull, isNull } from "drizzle-orm";
import { findMovieConditions, type ListMoviesRequest } from "../catalog/list-movies.ts";
import type { Database } from "../create-database.ts";
import { type PageOutcome, pageOf } from "../read-page.ts";
import { readFrom } from "../run-queries.ts";
import { movies } from "../schema/index.ts";
import { type AdminMovie, adminMovieColumns, adminMovieOf } from "./admin-movie.ts";

/** Selects movies. `archived`: only archived movies, or only those that are not; absent: both. */
export type ListAdminMoviesRequest = ListMoviesRequest & { readonly archived?: boolean | undefined };

/** Returns a page of movies by title, or `bad_cursor`. Changes nothing. */
export async function listAdminMovies(database: Database, request: ListAdminMoviesRequest): Promise<PageOutcome<AdminMovie>> {
	const { limit, archived } = request;
	const conditions = findMovieConditions(request);
	if ("outcome" in conditions) return conditions;
	const isListed = archived === undefined ? undefined : archived ? isNotNull(movies.archivedAt) : isNull(movies.archivedAt);
	const rows = await readFrom(database, "administration", (queries) =>
		queries
			.select(adminMovieColumns)
			.from(movies)
			.where(and(isListed, ...conditions))
			.orderBy(asc(movies.title), asc(movies.id))
			.limit(limit + 1),
	);
	return pageOf(rows.map(adminMovieOf), limit, (movie) => ({ key: movie.title, id: movie.id }));
}

/** Returns the movie, also when it is archived, or null when it does not exist. */
export async function findAdminMovie(database: Database, id: MovieId): Promise<AdminMovie | null> {
	const [row] = await readFrom(database, "administration", (queries) =>
		queries.select(adminMovieColumns).from(movies).where(eq(movies.id, id)),
	);
	return row === undefined ? null : adminMovieOf(row);
}
