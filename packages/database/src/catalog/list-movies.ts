/** Lists the movies of the catalogue by title, with an optional status and search text. */
import { parseMovieId } from "@holdfast/domain";
import { and, asc, eq, isNull, type SQL, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { type PageOutcome, type PageRequest, pageOf, parseCursor } from "../read-page.ts";
import { readFrom } from "../run-queries.ts";
import { type MovieStatus, movies } from "../schema/index.ts";
import { hasText } from "../search-text.ts";
import { type Movie, movieColumns } from "./movie.ts";

/** Selects movies. Without `status` and `q`, all movies that are not archived. */
export type ListMoviesRequest = PageRequest & {
	readonly status?: MovieStatus | undefined;
	/** Part of the title, in any letter case, with or without accents. `%` and `_` are plain characters. */
	readonly q?: string | undefined;
};

/** Returns a page of movies by title, without archived movies, or `bad_cursor`. Changes nothing. */
export async function listMovies(database: Database, request: ListMoviesRequest): Promise<PageOutcome<Movie>> {
	const { limit } = request;
	const conditions = findMovieConditions(request);
	if ("outcome" in conditions) return conditions;
	const rows = await readFrom(database, "catalogue", (queries) =>
		queries
			.select(movieColumns)
			.from(movies)
			.where(and(isNull(movies.archivedAt), ...conditions))
			.orderBy(asc(movies.title), asc(movies.id))
			.limit(limit + 1),
	);
	return pageOf(rows, limit, (movie) => ({ key: movie.title, id: movie.id }));
}

/** Returns the conditions of a page of movies by title, or the outcome of a request that needs no query. */
export function findMovieConditions({ status, q, cursor }: ListMoviesRequest): readonly SQL[] | PageOutcome<never> {
	const conditions: SQL[] = [];
	if (status !== undefined) conditions.push(eq(movies.status, status));
	if (q !== undefined) {
		// No title contains a NUL character, and Postgres refuses a parameter that does.
		if (q.includes("\0")) return { outcome: "page", items: [], nextCursor: null };
		conditions.push(titleHas(q));
	}
	if (cursor !== undefined) {
		const after = parseCursor(cursor, parseMovieId, () => true);
		if (after === null) return { outcome: "bad_cursor" };
		conditions.push(sql`(${movies.title}, ${movies.id}) > (${after.key}, ${after.id}::uuid)`);
	}
	return conditions;
}

/** Returns the condition that a title contains `q`, both normalized by `searchable`. */
export const titleHas = (q: string): SQL => hasText(movies.searchTitle, q);
