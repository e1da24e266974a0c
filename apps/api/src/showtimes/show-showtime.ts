/** `GET /showtimes/:id`: shows a showtime of the catalogue, and how many seats are available now. */
import { findShowtime } from "@holdfast/database";
import { countSeats, parseShowtimeId } from "@holdfast/domain";
import type { ApiServer } from "../api-server.ts";
import { BY_ID_OF_SHOWTIME } from "../contract/page.ts";
import { STORE_PROBLEMS } from "../contract/problems.ts";
import { ShowtimeDetails } from "../contract/showtime.ts";
import type { RouteDeps } from "../deps.ts";
import { presentShowtime } from "./present-showtime.ts";
import { readLiveMap } from "./read-live-map.ts";

/** Registers `GET /showtimes/:id`. */
export function addShowShowtime(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "GET",
		url: "/showtimes/:id",
		schema: {
			operationId: "showShowtime",
			summary: "Read one showtime",
			description: "Returns the showtime and the number of its seats in each current status.",
			tags: ["showtimes"],
			params: BY_ID_OF_SHOWTIME,
			response: { 200: ShowtimeDetails.answer("The showtime") },
		},
		config: { problems: ["not_found", "recovering", ...STORE_PROBLEMS] },
		handler: async (request, reply) => {
			const showtimeId = parseShowtimeId(request.params.id, deps.settings.limits.buckets);
			const showtime = showtimeId && (await findShowtime(deps.database, showtimeId));
			if (showtime === null) return reply.problem("not_found");
			const live = await readLiveMap(deps, showtime.id);
			switch (live.outcome) {
				case "not_found":
				case "recovering":
					return reply.problem(live.outcome);
				case "showtime_closed":
				case "showtime_cancelled":
					return reply.send({ ...presentShowtime(showtime, Date.now()), counts: null });
				case "read":
					return reply.send({
						// A change is in the seat store first, and in the catalogue after it was settled.
						...presentShowtime({ ...showtime, ...live.showtime, movie: showtime.movie }, live.map.nowMs),
						counts: countSeats(live.map.statuses),
					});
			}
		},
	});
}
