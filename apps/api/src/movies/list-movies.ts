/** `GET /movies`: lists movies by title, optionally filtered by status or by a part of the title. */
import { listMovies, MOVIE_STATUSES } from "@holdfast/database";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { MoviePage } from "../contract/movie.ts";
import { BAD_CURSOR, PAGE_LIMIT_DEFAULT, PAGE_QUERY } from "../contract/page.ts";
import { STORE_PROBLEMS } from "../contract/problems.ts";
import { CLOSED, oneOf } from "../contract/share.ts";
import type { AppDeps } from "../deps.ts";
import { presentMovie } from "./present-movie.ts";

const TITLE_PART_MAX_CHARS = 100;

/** The query parameters that select movies. */
export const MOVIE_FILTERS = {
	...PAGE_QUERY,
	status: Type.Optional(oneOf(MOVIE_STATUSES, "Only movies with this status")),
	q: Type.Optional(
		Type.String({
			minLength: 1,
			maxLength: TITLE_PART_MAX_CHARS,
			pattern: "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$",
			description:
				"Only movies whose title contains this text. Upper and lower case and accents are not distinguished; spaces around the text are " +
				"ignored, and at least one other character is required",
		}),
	),
};

/** Registers `GET /movies`. */
export function addListMovies(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "GET",
		url: "",
		schema: {
			operationId: "listMovies",
			summary: "List movies",
			description:
				"Lists movies in the order of their titles, compared by Unicode code points: É follows Z. Filter by `status`, or by part of the title " +
				"with `q`.",
			tags: ["movies"],
			querystring: Type.Object(MOVIE_FILTERS, CLOSED),
			response: { 200: MoviePage.answer("One page of movies") },
		},
		config: { problems: ["invalid_request", ...STORE_PROBLEMS] },
		handler: async (request, reply) => {
			const { limit = PAGE_LIMIT_DEFAULT, ...rest } = request.query;
			const result = await listMovies(database, { limit, ...rest });
			if (result.outcome === "bad_cursor") return reply.problem("invalid_request", BAD_CURSOR);
			return reply.send({ items: result.items.map(presentMovie), nextCursor: result.nextCursor });
		},
	});
}
