/** `GET /admin/showtimes`: lists showtimes by start: past, cancelled and upcoming ones. */
import { listAdminShowtimes } from "@holdfast/database";
import { parseAuditoriumId, parseMovieId, SHOWTIME_STATES } from "@holdfast/domain";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { idFilter, instantInRequest } from "../contract/admin.ts";
import { AdminShowtimePage } from "../contract/admin-showtime.ts";
import { EXAMPLE_TIMES } from "../contract/examples.ts";
import { BAD_CURSOR, PAGE_LIMIT_DEFAULT, PAGE_QUERY } from "../contract/page.ts";
import { ADMIN_PROBLEMS } from "../contract/problems.ts";
import { CLOSED, oneOf } from "../contract/share.ts";
import type { AppDeps } from "../deps.ts";
import { presentAdminShowtime } from "./present-admin-showtime.ts";

const instantFilter = (description: string) => Type.Optional(instantInRequest(description, EXAMPLE_TIMES.starts));

/** Registers `GET /admin/showtimes`. */
export function addListAdminShowtimes(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "GET",
		url: "/showtimes",
		schema: {
			operationId: "listAdminShowtimes",
			summary: "List showtimes, past and cancelled ones included",
			description:
				"Lists showtimes by start, as the ledger has them: a change of terms or seats may be missing for some tenths of a second. Filter by " +
				"auditorium, movie, state and period.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			querystring: Type.Object(
				{
					...PAGE_QUERY,
					auditoriumId: idFilter("Only showtimes in this auditorium. A malformed id is answered 400, an unknown one with an empty page"),
					movieId: idFilter("Only showtimes of this movie. A malformed id is answered 400, an unknown one with an empty page"),
					state: Type.Optional(oneOf(SHOWTIME_STATES, "Only showtimes in this state")),
					from: instantFilter("Only showtimes that start at this instant or later"),
					to: instantFilter("Only showtimes that start before this instant"),
				},
				CLOSED,
			),
			response: { 200: AdminShowtimePage.answer("One page of showtimes, earliest first") },
		},
		config: { problems: ["invalid_request", ...ADMIN_PROBLEMS] },
		handler: async (request, reply) => {
			const { limit = PAGE_LIMIT_DEFAULT, cursor, state, from, to, ...ids } = request.query;
			const auditoriumId = ids.auditoriumId === undefined ? undefined : parseAuditoriumId(ids.auditoriumId);
			const movieId = ids.movieId === undefined ? undefined : parseMovieId(ids.movieId);
			if (auditoriumId === null || movieId === null) {
				const pointer = auditoriumId === null ? "/query/auditoriumId" : "/query/movieId";
				return reply.problem("invalid_request", { errors: [{ pointer, message: "is not a valid id" }] });
			}
			const result = await listAdminShowtimes(database, {
				limit,
				cursor,
				auditoriumId,
				movieId,
				state,
				from: from === undefined ? undefined : Date.parse(from),
				to: to === undefined ? undefined : Date.parse(to),
			});
			if (result.outcome === "bad_cursor") return reply.problem("invalid_request", BAD_CURSOR);
			return reply.send({ items: result.items.map(presentAdminShowtime), nextCursor: result.nextCursor });
		},
	});
}
