/** Adds a movie to the catalogue. */
import { newMovieId, type StaffCommand } from "@holdfast/domain";
import type { Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { movies } from "../schema/index.ts";
import { type AdminMovie, adminMovieColumns, adminMovieOf, type MovieFields } from "./admin-movie.ts";
import { recordAudit } from "./record-audit.ts";

/** Inserts the movie and its audit row, and returns the movie at version 1. A second call inserts a second movie. */
export function createMovie(database: Database, fields: MovieFields, command: StaffCommand): Promise<AdminMovie> {
	const id = newMovieId();
	return writeTo(database, "administration", (queries) =>
		queries.transaction(async (tx) => {
			const [row] = await tx
				.insert(movies)
				.values({ id, ...fields })
				.returning(adminMovieColumns);
			if (row === undefined) throw new Error("the insert of a movie returned no row");
			await recordAudit(tx, command, [{ action: "movie.created", target: { type: "movie", id }, before: null, after: fields }]);
			return adminMovieOf(row);
		}),
	);
}
