/** Converts a movie to its public response body. */
import type { Movie } from "@holdfast/database";
import type { MovieBody } from "../contract/movie.ts";

/** Returns the public body of a movie. */
export const presentMovie = (movie: Movie): MovieBody => ({
	id: movie.id,
	title: movie.title,
	description: movie.description,
	durationMinutes: movie.durationMinutes,
	genre: movie.genre,
	rating: movie.rating,
	posterUrl: movie.posterUrl,
	releaseDate: movie.releaseDate,
	status: movie.status,
});
