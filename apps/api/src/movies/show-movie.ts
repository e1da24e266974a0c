/** `GET /movies/:id`: shows one movie of the catalogue. */
import { findMovie } from "@holdfast/database";
import { parseMovieId } from "@holdfast/domain";
import type { ApiServer } from "../api-server.ts";
import { Movie } from "../contract/movie.ts";
import { BY_ID_OF_MOVIE } from "../contract/page.ts";
import { STORE_PROBLEMS } from "../contract/problems.ts";
import type { AppDeps } from "../deps.ts";
import { presentMovie } from "./present-movie.ts";

/** Registers `GET /movies/:id`. */
export function addShowMovie(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "GET",
		url: "/:id",
		schema: {
			operationId: "showMovie",
			summary: "Read one movie",
			description: "Returns the catalogue entry of the movie.",
			tags: ["movies"],
			params: BY_ID_OF_MOVIE,
			response: { 200: Movie.answer("The movie") },
		},
		config: { problems: ["not_found", ...STORE_PROBLEMS] },
		handler: async (request, reply) => {
			const movieId = parseMovieId(request.params.id);
			const movie = movieId && (await findMovie(database, movieId));
			return movie === null ? reply.problem("not_found") : reply.send(presentMovie(movie));
		},
	});
}
