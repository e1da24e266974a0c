/** `GET /showtimes`: lists the showtimes that have not started. */
import { listShowtimes } from "@holdfast/database";
import { parseMovieId } from "@holdfast/domain";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { BAD_CURSOR, PAGE_LIMIT_DEFAULT, PAGE_QUERY } from "../contract/page.ts";
import { STORE_PROBLEMS } from "../contract/problems.ts";
import { CLOSED } from "../contract/share.ts";
import { SHOWTIME_DATE, ShowtimePage } from "../contract/showtime.ts";
import type { RouteDeps } from "../deps.ts";
import { presentShowtimes } from "./present-showtimes.ts";

/** Registers `GET /showtimes`. */
export function addListShowtimes(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "GET",
		url: "/showtimes",
		schema: {
			operationId: "listShowtimes",
			summary: "List upcoming showtimes",
			description:
				"Lists the showtimes that have not started, earliest first, without cancelled ones. `closed` and `paused` showtimes are listed. Seats " +
				"can be held while `sales` is `open`. Filter by movie with `movieId` and by day with `date`.",
			tags: ["showtimes"],
			querystring: Type.Object(
				{
					...PAGE_QUERY,
					movieId: Type.Optional(
						Type.String({
							maxLength: 64,
							description: "Only showtimes of the movie with this id. A malformed id is answered 400, an unknown one with an empty page",
						}),
					),
					date: SHOWTIME_DATE,
				},
				CLOSED,
			),
			response: { 200: ShowtimePage.answer("One page of showtimes, earliest first") },
		},
		config: { problems: ["invalid_request", ...STORE_PROBLEMS] },
		handler: async (request, reply) => {
			const { movieId: requestedId, limit = PAGE_LIMIT_DEFAULT, cursor, date } = request.query;
			const movieId = requestedId === undefined ? undefined : parseMovieId(requestedId);
			if (movieId === null)
				return reply.problem("invalid_request", { errors: [{ pointer: "/query/movieId", message: "is not a valid movie id" }] });
			const nowMs = Date.now();
			const result = await listShowtimes(deps.database, { limit, cursor, date, movieId, nowMs });
			if (result.outcome === "bad_cursor") return reply.problem("invalid_request", BAD_CURSOR);
			return reply.send({ items: await presentShowtimes(deps, result.items, nowMs), nextCursor: result.nextCursor });
		},
	});
}
