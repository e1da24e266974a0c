/** The admin plugin: everything that the staff of a cinema manage. Encapsulated, with its own authorization: no route without a role. */
import type { ApiServer } from "../api-server.ts";
import type { RouteDeps } from "../deps.ts";
import { addArchiveAuditorium } from "./archive-auditorium.ts";
import { addCreateAuditorium } from "./create-auditorium.ts";
import { addCreateMovie } from "./create-movie.ts";
import { addCreateSeatPlan } from "./create-seat-plan.ts";
import { addCreateShowtime } from "./create-showtime.ts";
import { addListAdminMovies } from "./list-admin-movies.ts";
import { addListAdminShowtimes } from "./list-admin-showtimes.ts";
import { addListAuditoriums } from "./list-auditoriums.ts";
import { addListSeatPlans } from "./list-seat-plans.ts";
import { requireRole } from "./require-role.ts";
import { addScheduleShowtimes } from "./schedule-showtimes.ts";
import { addShowAdminMovie } from "./show-admin-movie.ts";
import { addShowAdminSeatPlan } from "./show-admin-seat-plan.ts";
import { addShowAuditorium } from "./show-auditorium.ts";
import { addUpdateAuditorium } from "./update-auditorium.ts";
import { addUpdateMovie } from "./update-movie.ts";
import { addUpdateSeatPlan } from "./update-seat-plan.ts";

/** Registers the admin routes. `app` has the prefix `/admin`. */
export function addAdminRoutes(app: ApiServer, deps: RouteDeps): void {
	app.addHook("onRequest", app.requireUser);
	app.addHook("onRequest", requireRole);
	app.addHook("preParsing", app.limitUser);
	addListAdminMovies(app, deps);
	addCreateMovie(app, deps);
	addShowAdminMovie(app, deps);
	addUpdateMovie(app, deps);
	addListAuditoriums(app, deps);
	addCreateAuditorium(app, deps);
	addShowAuditorium(app, deps);
	addUpdateAuditorium(app, deps);
	addArchiveAuditorium(app, deps);
	addListSeatPlans(app, deps);
	addCreateSeatPlan(app, deps);
	addShowAdminSeatPlan(app, deps);
	addUpdateSeatPlan(app, deps);
	addListAdminShowtimes(app, deps);
	addCreateShowtime(app, deps);
	addScheduleShowtimes(app, deps);
}
