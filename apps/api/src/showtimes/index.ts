/** The showtime routes: list and show showtimes, their seats, their seat plans, and the stream of seat changes. */
import type { ApiServer } from "../api-server.ts";
import type { RouteDeps } from "../deps.ts";
import { addListShowtimes } from "./list-showtimes.ts";
import { addShowSeatMatrix } from "./show-seat-matrix.ts";
import { addShowSeatPlan } from "./show-seat-plan.ts";
import { addShowShowtime } from "./show-showtime.ts";
import { addStreamSeats } from "./stream-seats.ts";

/** Registers the showtime routes, below `/showtimes` and `/plans`. */
export function addShowtimeRoutes(app: ApiServer, deps: RouteDeps): void {
	addListShowtimes(app, deps);
	addShowShowtime(app, deps);
	addShowSeatMatrix(app, deps);
	addShowSeatPlan(app, deps);
	addStreamSeats(app, deps);
}
