/** A movie as everyone is shown it. */
import type { Movie } from "@holdfast/database";
import type { MovieBody } from "../contract/movie.ts";

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
