/** `GET /movies/:movieId/showtimes`: lists the showtimes of one movie that have not started. */
import { findMovie, listShowtimes } from "@holdfast/database";
import { parseMovieId } from "@holdfast/domain";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { BAD_CURSOR, BY_MOVIE_ID, PAGE_LIMIT_DEFAULT, PAGE_QUERY } from "../contract/page.ts";
import { STORE_PROBLEMS } from "../contract/problems.ts";
import { CLOSED } from "../contract/share.ts";
import { SHOWTIME_DATE, ShowtimePage } from "../contract/showtime.ts";
import type { RouteDeps } from "../deps.ts";
import { presentShowtimes } from "../showtimes/present-showtimes.ts";

/** Registers `GET /movies/:movieId/showtimes`. */
export function addListShowtimesOfMovie(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "GET",
		url: "/:movieId/showtimes",
		schema: {
			operationId: "listShowtimesOfMovie",
			summary: "List upcoming showtimes of a movie",
			description:
				"Lists the showtimes of the movie that have not started, earliest first, without cancelled ones. `closed` and `paused` showtimes are " +
				"listed. Filter by day with `date`. An unknown movie is answered 404; `GET /api/v1/showtimes?movieId=` answers an empty page instead.",
			tags: ["movies"],
			params: BY_MOVIE_ID,
			querystring: Type.Object({ ...PAGE_QUERY, date: SHOWTIME_DATE }, CLOSED),
			response: { 200: ShowtimePage.answer("One page of showtimes, earliest first") },
		},
		config: { problems: ["invalid_request", "not_found", ...STORE_PROBLEMS] },
		handler: async (request, reply) => {
			const movieId = parseMovieId(request.params.movieId);
			const movie = movieId && (await findMovie(deps.database, movieId));
			if (movie === null) return reply.problem("not_found");
			const { limit = PAGE_LIMIT_DEFAULT, cursor, date } = request.query;
			const nowMs = Date.now();
			const result = await listShowtimes(deps.database, { limit, cursor, date, movieId: movie.id, nowMs });
			if (result.outcome === "bad_cursor") return reply.problem("invalid_request", BAD_CURSOR);
			return reply.send({ items: await presentShowtimes(deps, result.items, nowMs), nextCursor: result.nextCursor });
		},
	});
}
