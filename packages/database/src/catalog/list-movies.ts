/** The programme: movies by title. */
import { parseMovieId } from "@holdfast/domain";
import { and, asc, eq, isNull, type SQL, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { type PageOutcome, type PageRequest, pageOf, parseCursor } from "../read-page.ts";
import { readFrom } from "../run-queries.ts";
import { type MovieStatus, movies, searchable } from "../schema/index.ts";
import { type Movie, movieColumns } from "./movie.ts";

export type ListMoviesRequest = PageRequest & {
	readonly status?: MovieStatus | undefined;
	/** Part of the title, whatever the case, with or without accents; `%` and `_` mean themselves. */
	readonly q?: string | undefined;
};

/** A page of movies by title, archived ones left out. Reads only. */
export async function listMovies(database: Database, request: ListMoviesRequest): Promise<PageOutcome<Movie>> {
	const { limit, status, q } = request;
	const conditions: SQL[] = [isNull(movies.archivedAt)];
	if (status !== undefined) conditions.push(eq(movies.status, status));
	if (q !== undefined) {
		// No title holds a NUL, and Postgres refuses to be asked.
		if (q.includes("\0")) return { outcome: "page", items: [], nextCursor: null };
		conditions.push(titleHas(q));
	}
	if (request.cursor !== undefined) {
		const after = parseCursor(request.cursor, parseMovieId, () => true);
		if (after === null) return { outcome: "bad_cursor" };
		conditions.push(sql`(${movies.title}, ${movies.id}) > (${after.key}, ${after.id}::uuid)`);
	}
	const rows = await readFrom(database, "catalogue", (queries) =>
		queries
			.select(movieColumns)
			.from(movies)
			.where(and(...conditions))
			.orderBy(asc(movies.title), asc(movies.id))
			.limit(limit + 1),
	);
	return pageOf(rows, limit, (movie) => ({ key: movie.title, id: movie.id }));
}

/** The title has `q` in it, as `searchable` spells both. Escaped last: spelling out a full-width sign makes a plain `%` of it. */
export function titleHas(q: string): SQL {
	const part = searchable(sql`${q.trim()}::text`);
	return sql`${movies.searchTitle} like '%' || regexp_replace(${part}, '[\\\\%_]', '\\\\\\&', 'g') || '%'`;
}
