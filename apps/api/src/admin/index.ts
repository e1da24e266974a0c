/** The admin plugin: everything that the staff of a cinema manage. Encapsulated, with its own authorization: no route without a role. */
import type { ApiServer } from "../api-server.ts";
import type { RouteDeps } from "../deps.ts";
import { addBlockSeats } from "./block-seats.ts";
import { addCreateMovie } from "./create-movie.ts";
import { addCreateShowtime } from "./create-showtime.ts";
import { addListAdminMovies } from "./list-admin-movies.ts";
import { addListAdminShowtimes } from "./list-admin-showtimes.ts";
import { requireRole } from "./require-role.ts";
import { addScheduleShowtimes } from "./schedule-showtimes.ts";
import { addShowAdminMovie } from "./show-admin-movie.ts";
import { addShowAdminShowtime } from "./show-admin-showtime.ts";
import { addUpdateMovie } from "./update-movie.ts";
import { addUpdateShowtime } from "./update-showtime.ts";

/** Registers the admin routes. `app` has the prefix `/admin`. */
export function addAdminRoutes(app: ApiServer, deps: RouteDeps): void {
	app.addHook("onRequest", app.requireUser);
	app.addHook("onRequest", requireRole);
	app.addHook("preParsing", app.limitUser);
	addListAdminMovies(app, deps);
	addCreateMovie(app, deps);
	addShowAdminMovie(app, deps);
	addUpdateMovie(app, deps);
	addListAdminShowtimes(app, deps);
	addCreateShowtime(app, deps);
	addScheduleShowtimes(app, deps);
	addShowAdminShowtime(app, deps);
	addUpdateShowtime(app, deps);
	addBlockSeats(app, deps);
}
