/** `DELETE /admin/movies/:id`: archives a movie that no customer holds or has bought a seat of. */
import { type AdminMovie as AdminMovieRow, type ArchiveResult, findAdminMovie, startArchive } from "@holdfast/database";
import { type MovieId, parseMovieId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { driveArchive, waitForArchive } from "@holdfast/showtime-actions";
import type { ApiServer } from "../api-server.ts";
import { IF_MATCH, OPTIONAL_REASON, VERSION_HEADERS } from "../contract/admin.ts";
import { AdminMovie } from "../contract/admin-movie.ts";
import { BY_ID_OF_MOVIE } from "../contract/page.ts";
import { ADMIN_CHANGE_PROBLEMS } from "../contract/problems.ts";
import type { RouteDeps } from "../deps.ts";
import { rejectBody } from "../plugins/reject-body.ts";
import { actionDeps, orPending } from "./action-deps.ts";
import { commandOf, parseVersionCondition, refuseIfMatch } from "./admin-request.ts";
import { presentAdminMovie } from "./present-admin-movie.ts";
import { sendChanged, sendVersioned } from "./send-versioned.ts";

/** Registers `DELETE /admin/movies/:id`. */
export function addArchiveMovie(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "DELETE",
		url: "/movies/:id",
		preHandler: rejectBody,
		schema: {
			operationId: "archiveMovie",
			summary: "Archive a movie",
			description:
				"Takes the movie out of the catalogue and cancels its showtimes to come, unless a customer holds or has bought a seat of one: then " +
				"nothing is cancelled, and the answer is 409 with counts. Sales of these showtimes pause while they are counted. A repeat is answered " +
				"200 and changes nothing. `PUT` with `archived: false` brings the movie back, without its showtimes.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_MOVIE,
			headers: IF_MATCH,
			querystring: OPTIONAL_REASON,
			response: { 200: AdminMovie.answer("The archived movie", VERSION_HEADERS) },
		},
		config: { problems: ["not_found", "version_mismatch", "has_bookings", ...ADMIN_CHANGE_PROBLEMS] },
		handler: async (request, reply) => {
			const movieId = parseMovieId(request.params.id);
			if (movieId === null) return reply.problem("not_found");
			const condition = parseVersionCondition(request.headers["if-match"]);
			if (condition.outcome === "malformed") return refuseIfMatch(reply, condition.message);
			const command = commandOf(request, request.query.reason ?? null);
			const start = await startArchive(deps.database, { movieId, ifVersions: condition.ifVersions, command });
			if (start.outcome === "not_found") return reply.problem("not_found");
			if ("row" in start) {
				const { outcome, row } = start;
				return sendChanged(reply, { outcome: outcome === "archived" ? "changed" : outcome, row }, presentAdminMovie);
			}
			const result = await orPending(() => finishArchive(deps, movieId));
			if (result.outcome === "pending") return reply.problem("outcome_unknown");
			if (result.outcome === "has_bookings") {
				const { showtimes, holds, bookings } = result;
				return reply.problem("has_bookings", { counts: { showtimes, holds, bookings } });
			}
			return sendVersioned(reply, presentAdminMovie(result.movie));
		},
	});
}

type ArchiveOutcome =
	| { readonly outcome: "archived"; readonly movie: AdminMovieRow }
	| { readonly outcome: "pending" }
	| Extract<ArchiveResult, { readonly outcome: "has_bookings" }>;

async function finishArchive(deps: RouteDeps, movieId: MovieId): Promise<ArchiveOutcome> {
	const driven = await driveArchive(actionDeps(deps), movieId);
	const result = driven.outcome === "pending" ? await waitForArchive(deps, movieId) : driven;
	if (result.outcome === "pending") return { outcome: "pending" };
	if (result.outcome === "has_bookings") return result;
	const movie = await findAdminMovie(deps.database, movieId);
	assert(movie !== null, `the archived movie ${movieId} was not found`);
	return { outcome: "archived", movie };
}
