/** What is on, and its seats now. */
import type { ApiServer } from "../api-server.ts";
import type { RouteDeps } from "../deps.ts";
import { addListShowtimes } from "./list-showtimes.ts";
import { addShowSeatMatrix } from "./show-seat-matrix.ts";
import { addShowSeatPlan } from "./show-seat-plan.ts";
import { addShowShowtime } from "./show-showtime.ts";
import { addStreamSeats } from "./stream-seats.ts";

export function addShowtimeRoutes(app: ApiServer, deps: RouteDeps): void {
	addListShowtimes(app, deps);
	addShowShowtime(app, deps);
	addShowSeatMatrix(app, deps);
	addShowSeatPlan(app, deps);
	addStreamSeats(app, deps);
}
