/** `PUT /admin/movies/:id`: changes fields of a movie, and brings an archived movie back. */
import { updateMovie } from "@holdfast/database";
import { parseMovieId } from "@holdfast/domain";
import type { ApiServer } from "../api-server.ts";
import { IF_MATCH, VERSION_HEADERS } from "../contract/admin.ts";
import { AdminMovie, MovieChange } from "../contract/admin-movie.ts";
import { BY_ID_OF_MOVIE } from "../contract/page.ts";
import { ADMIN_CHANGE_PROBLEMS } from "../contract/problems.ts";
import type { AppDeps } from "../deps.ts";
import { commandOf, parseVersionCondition, refuseIfMatch } from "./admin-request.ts";
import { presentAdminMovie } from "./present-admin-movie.ts";
import { sendChanged } from "./send-versioned.ts";

/** Registers `PUT /admin/movies/:id`. */
export function addUpdateMovie(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "PUT",
		url: "/movies/:id",
		schema: {
			operationId: "updateMovie",
			summary: "Change a movie",
			description:
				"Changes the fields that the body has. If every field has its value already, the answer is 200 and the version stays. A new " +
				"`durationMinutes` counts for showtimes that are scheduled later. `archived: false` brings an archived movie back.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_MOVIE,
			headers: IF_MATCH,
			body: MovieChange.ref,
			response: { 200: AdminMovie.answer("The movie after the change", VERSION_HEADERS) },
		},
		config: { problems: ["not_found", "version_mismatch", ...ADMIN_CHANGE_PROBLEMS] },
		handler: async (request, reply) => {
			const movieId = parseMovieId(request.params.id);
			if (movieId === null) return reply.problem("not_found");
			const condition = parseVersionCondition(request.headers["if-match"]);
			if (condition.outcome === "malformed") return refuseIfMatch(reply, condition.message);
			const { ifVersions } = condition;
			const result = await updateMovie(database, movieId, { changes: request.body, ifVersions, command: commandOf(request) });
			return sendChanged(reply, result, presentAdminMovie);
		},
	});
}
