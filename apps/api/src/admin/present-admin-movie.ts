/** Converts a movie to its response body for staff. */
import type { AdminMovie } from "@holdfast/database";
import type { AdminMovieBody } from "../contract/admin-movie.ts";
import { toInstant } from "../contract/share.ts";
import { presentMovie } from "../movies/present-movie.ts";

/** Returns the body of a movie for staff. */
export const presentAdminMovie = (movie: AdminMovie): AdminMovieBody => ({
	...presentMovie(movie),
	version: movie.version,
	archivedAt: movie.archivedAt === null ? null : toInstant(movie.archivedAt),
	createdAt: toInstant(movie.createdAt),
});
