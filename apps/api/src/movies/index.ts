/** The catalogue of films. */
import type { ApiServer } from "../api-server.ts";
import type { RouteDeps } from "../deps.ts";
import { addListMovies } from "./list-movies.ts";
import { addListShowtimesOfMovie } from "./list-showtimes-of-movie.ts";
import { addShowMovie } from "./show-movie.ts";

export function addMovieRoutes(app: ApiServer, deps: RouteDeps): void {
	addListMovies(app, deps);
	addShowMovie(app, deps);
	addListShowtimesOfMovie(app, deps);
}
