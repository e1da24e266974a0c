/** `GET /admin/movies/:id`: shows one movie, also when it is archived. */
import { findAdminMovie } from "@holdfast/database";
import { parseMovieId } from "@holdfast/domain";
import type { ApiServer } from "../api-server.ts";
import { VERSION_HEADERS } from "../contract/admin.ts";
import { AdminMovie } from "../contract/admin-movie.ts";
import { BY_ID_OF_MOVIE } from "../contract/page.ts";
import { ADMIN_PROBLEMS } from "../contract/problems.ts";
import type { AppDeps } from "../deps.ts";
import { presentAdminMovie } from "./present-admin-movie.ts";
import { sendVersioned } from "./send-versioned.ts";

/** Registers `GET /admin/movies/:id`. */
export function addShowAdminMovie(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "GET",
		url: "/movies/:id",
		schema: {
			operationId: "showAdminMovie",
			summary: "Read one movie, also an archived one",
			description: "Returns the movie with its version.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_MOVIE,
			response: { 200: AdminMovie.answer("The movie", VERSION_HEADERS) },
		},
		config: { problems: ["invalid_request", "not_found", ...ADMIN_PROBLEMS] },
		handler: async (request, reply) => {
			const movieId = parseMovieId(request.params.id);
			const movie = movieId && (await findAdminMovie(database, movieId));
			return movie === null ? reply.problem("not_found") : sendVersioned(reply, presentAdminMovie(movie));
		},
	});
}
