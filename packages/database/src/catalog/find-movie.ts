/** Reads one movie of the catalogue. */
import type { MovieId } from "@holdfast/domain";
import { and, eq, isNull } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { movies } from "../schema/index.ts";
import { type Movie, movieColumns } from "./movie.ts";

/** Returns the movie, or null when it does not exist or is archived. */
export async function findMovie(database: Database, id: MovieId): Promise<Movie | null> {
	const [row] = await readFrom(database, "catalogue", (queries) =>
		queries
			.select(movieColumns)
			.from(movies)
			.where(and(eq(movies.id, id), isNull(movies.archivedAt))),
	);
	return row ?? null;
}
