/** The type and the columns of a movie of the catalogue. */
import type { MovieId } from "@holdfast/domain";
import { type MovieStatus, movies } from "../schema/index.ts";

/** A movie, as the catalogue returns it. */
export type Movie = {
	readonly id: MovieId;
	readonly title: string;
	readonly description: string;
	readonly durationMinutes: number;
	readonly genre: string;
	/** Age rating (`PG-13`), or null. */
	readonly rating: string | null;
	readonly posterUrl: string | null;
	/** Date of the first release, `YYYY-MM-DD`, or null. */
	readonly releaseDate: string | null;
	readonly status: MovieStatus;
};

/** The part of a movie that a showtime carries. */
export type MovieSummary = Pick<Movie, "id" | "title" | "durationMinutes" | "rating" | "posterUrl">;

/** The columns to select for a `Movie`; the selected row is a `Movie` without further mapping. */
export const movieColumns = {
	id: movies.id,
	title: movies.title,
	description: movies.description,
	durationMinutes: movies.durationMinutes,
	genre: movies.genre,
	rating: movies.rating,
	posterUrl: movies.posterUrl,
	releaseDate: movies.releaseDate,
	status: movies.status,
};
