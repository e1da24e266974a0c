/** `POST /admin/movies`: adds a movie to the catalogue. */
import { createMovie } from "@holdfast/database";
import type { ApiServer } from "../api-server.ts";
import { VERSION_HEADERS } from "../contract/admin.ts";
import { AdminMovie, NewMovie } from "../contract/admin-movie.ts";
import { ADMIN_CHANGE_PROBLEMS } from "../contract/problems.ts";
import type { AppDeps } from "../deps.ts";
import { commandOf } from "./admin-request.ts";
import { presentAdminMovie } from "./present-admin-movie.ts";
import { sendVersioned } from "./send-versioned.ts";

/** Registers `POST /admin/movies`. */
export function addCreateMovie(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "POST",
		url: "/movies",
		schema: {
			operationId: "createMovie",
			summary: "Add a movie",
			description: "Adds a movie to the catalogue. Two movies may have the same title. A repeat adds another movie.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			body: NewMovie.ref,
			response: { 201: AdminMovie.answer("The new movie", VERSION_HEADERS) },
		},
		config: { problems: ADMIN_CHANGE_PROBLEMS },
		handler: async (request, reply) => {
			const { description = "", rating = null, posterUrl = null, releaseDate = null, ...rest } = request.body;
			const fields = { ...rest, description, rating, posterUrl, releaseDate };
			const movie = await createMovie(database, fields, commandOf(request));
			return sendVersioned(reply.code(201), presentAdminMovie(movie));
		},
	});
}
