/** `GET /admin/movies`: lists movies by title, archived ones included. */
import { listAdminMovies } from "@holdfast/database";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { archivedFilter } from "../contract/admin.ts";
import { AdminMoviePage } from "../contract/admin-movie.ts";
import { BAD_CURSOR, PAGE_LIMIT_DEFAULT } from "../contract/page.ts";
import { ADMIN_PROBLEMS } from "../contract/problems.ts";
import { CLOSED } from "../contract/share.ts";
import type { AppDeps } from "../deps.ts";
import { MOVIE_FILTERS } from "../movies/list-movies.ts";
import { presentAdminMovie } from "./present-admin-movie.ts";

/** Registers `GET /admin/movies`. */
export function addListAdminMovies(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "GET",
		url: "/movies",
		schema: {
			operationId: "listAdminMovies",
			summary: "List movies, archived ones included",
			description: "Lists movies in the order of their titles. Without `archived`, both the movies of the catalogue and the archived ones.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			querystring: Type.Object(
				{
					...MOVIE_FILTERS,
					archived: archivedFilter("movies"),
				},
				CLOSED,
			),
			response: { 200: AdminMoviePage.answer("One page of movies") },
		},
		config: { problems: ["invalid_request", ...ADMIN_PROBLEMS] },
		handler: async (request, reply) => {
			const { limit = PAGE_LIMIT_DEFAULT, ...rest } = request.query;
			const result = await listAdminMovies(database, { limit, ...rest });
			if (result.outcome === "bad_cursor") return reply.problem("invalid_request", BAD_CURSOR);
			return reply.send({ items: result.items.map(presentAdminMovie), nextCursor: result.nextCursor });
		},
	});
}
