/** The movie routes: list movies, show a movie, list its showtimes. */
import type { ApiServer } from "../api-server.ts";
import type { RouteDeps } from "../deps.ts";
import { addListMovies } from "./list-movies.ts";
import { addListShowtimesOfMovie } from "./list-showtimes-of-movie.ts";
import { addShowMovie } from "./show-movie.ts";

/** Registers the movie routes. `app` has the prefix `/movies`. */
export function addMovieRoutes(app: ApiServer, deps: RouteDeps): void {
	addListMovies(app, deps);
	addShowMovie(app, deps);
	addListShowtimesOfMovie(app, deps);
}
