/** The type and the columns of a movie as staff see it: with its version, and also when it is archived. */
import { type Movie, movieColumns } from "../catalog/movie.ts";
import { movies } from "../schema/index.ts";

/** A movie with what only staff see. Instants are epoch ms. */
export type AdminMovie = Movie & {
	/** Counts the changes from 1. */
	readonly version: number;
	/** When the movie was archived; null when it is in the catalogue. */
	readonly archivedAt: number | null;
	readonly createdAt: number;
};

/** The fields of a movie that staff set. */
export type MovieFields = Omit<Movie, "id">;

/** The columns to select for an `AdminMovie`, to be mapped by `adminMovieOf`. */
export const adminMovieColumns = {
	...movieColumns,
	version: movies.version,
	archivedAt: movies.archivedAt,
	createdAt: movies.createdAt,
};

type AdminMovieRow = Movie & { version: number; archivedAt: Date | null; createdAt: Date };

/** Maps a row of `adminMovieColumns`. */
export const adminMovieOf = (row: AdminMovieRow): AdminMovie => ({
	...row,
	archivedAt: row.archivedAt?.getTime() ?? null,
	createdAt: row.createdAt.getTime(),
});

/** Returns the fields of a movie that staff set. */
export const movieFieldsOf = (movie: Movie): MovieFields => ({
	title: movie.title,
	description: movie.description,
	durationMinutes: movie.durationMinutes,
	genre: movie.genre,
	rating: movie.rating,
	posterUrl: movie.posterUrl,
	releaseDate: movie.releaseDate,
	status: movie.status,
});
