/** A movie as the catalogue shows it. */
import type { MovieId } from "@holdfast/domain";
import { type MovieStatus, movies } from "../schema/index.ts";

export type Movie = {
	readonly id: MovieId;
	readonly title: string;
	readonly description: string;
	readonly durationMinutes: number;
	readonly genre: string;
	/** Age rating (`PG-13`), or null. */
	readonly rating: string | null;
	readonly posterUrl: string | null;
	/** First release, `YYYY-MM-DD`, or null. */
	readonly releaseDate: string | null;
	readonly status: MovieStatus;
};

/** What a list of showtimes says about its movies. */
export type MovieSummary = Pick<Movie, "id" | "title" | "durationMinutes" | "rating" | "posterUrl">;

/** The columns of a `Movie`, as they are. */
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
