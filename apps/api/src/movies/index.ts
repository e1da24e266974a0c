/** The catalogue of films. */
import type { RouteDeps, Routes } from "../routes.ts";
import { addListMovies } from "./list-movies.ts";
import { addListShowtimesOfMovie } from "./list-showtimes-of-movie.ts";
import { addShowMovie } from "./show-movie.ts";

export function addMovieRoutes(app: Routes, deps: RouteDeps): void {
	addListMovies(app, deps);
	addShowMovie(app, deps);
	addListShowtimesOfMovie(app, deps);
}
