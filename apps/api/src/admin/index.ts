/** The admin plugin: everything that the staff of a cinema manage. Encapsulated, with its own authorization: no route without a role. */
import type { ApiServer } from "../api-server.ts";
import type { RouteDeps } from "../deps.ts";
import { addArchiveAuditorium } from "./archive-auditorium.ts";
import { addArchiveMovie } from "./archive-movie.ts";
import { addBlockSeats } from "./block-seats.ts";
import { addCancelShowtime } from "./cancel-showtime.ts";
import { addCreateAuditorium } from "./create-auditorium.ts";
import { addCreateMovie } from "./create-movie.ts";
import { addCreateSeatPlan } from "./create-seat-plan.ts";
import { addCreateShowtime } from "./create-showtime.ts";
import { addListAdminMovies } from "./list-admin-movies.ts";
import { addListAdminShowtimes } from "./list-admin-showtimes.ts";
import { addListAuditEvents } from "./list-audit-events.ts";
import { addListAuditoriums } from "./list-auditoriums.ts";
import { addListSeatPlans } from "./list-seat-plans.ts";
import { requireRole } from "./require-role.ts";
import { addScheduleShowtimes } from "./schedule-showtimes.ts";
import { addSellSeats } from "./sell-seats.ts";
import { addShowAdminMovie } from "./show-admin-movie.ts";
import { addShowAdminSeatPlan } from "./show-admin-seat-plan.ts";
import { addShowAdminShowtime } from "./show-admin-showtime.ts";
import { addShowAuditorium } from "./show-auditorium.ts";
import { addUpdateAuditorium } from "./update-auditorium.ts";
import { addUpdateBookingSeats } from "./update-booking-seats.ts";
import { addUpdateBookingStatus } from "./update-booking-status.ts";
import { addUpdateMovie } from "./update-movie.ts";
import { addUpdateSeatPlan } from "./update-seat-plan.ts";
import { addUpdateShowtime } from "./update-showtime.ts";

/** Registers the admin routes. `app` has the prefix `/admin`. */
export function addAdminRoutes(app: ApiServer, deps: RouteDeps): void {
	app.addHook("onRequest", app.requireUser);
	app.addHook("onRequest", requireRole);
	app.addHook("preParsing", app.limitUser);
	// Once more when the body is complete: a slow one must not carry a request past the demotion of its admin.
	app.addHook("preHandler", app.requireUser);
	addListAdminMovies(app, deps);
	addCreateMovie(app, deps);
	addShowAdminMovie(app, deps);
	addUpdateMovie(app, deps);
	addArchiveMovie(app, deps);
	addListAuditEvents(app, deps);
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
	addShowAdminShowtime(app, deps);
	addUpdateShowtime(app, deps);
	addCancelShowtime(app, deps);
	addBlockSeats(app, deps);
	addSellSeats(app, deps);
	addUpdateBookingStatus(app, deps);
	addUpdateBookingSeats(app, deps);
}
