/** `GET /showtimes/:showtimeId/seats`: shows every seat and its status. With an access token, the user's own seats are marked. */
import { createHash } from "node:crypto";
import { parseShowtimeId, type ShowtimeId, type UserId } from "@holdfast/domain";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { SeatStatuses, type SeatStatusesBody } from "../contract/live-seats.ts";
import { BY_SHOWTIME_ID, IF_NONE_MATCH } from "../contract/page.ts";
import { OPENING_PROBLEMS, STORE_PROBLEMS } from "../contract/problems.ts";
import { CLOSED, oneOf } from "../contract/share.ts";
import { SeatMatrix } from "../contract/showtime.ts";
import type { RouteDeps } from "../deps.ts";
import { createBodyCache } from "./body-cache.ts";
import { isNotModified } from "./if-none-match.ts";
import { type LiveMap, readLiveMap } from "./read-live-map.ts";
import { markOwnSeats, renderSeatMatrix } from "./render-seat-matrix.ts";

/** Some 4,000 auditoriums of 100 seats, or ten arenas of 50,000. */
const CACHED_MATRICES_BYTES_MAX = 32 * 1024 * 1024;
/** Some 4,000 auditoriums, or a hundred arenas: a body of statuses has one letter per seat. */
const CACHED_STATUSES_BYTES_MAX = 5 * 1024 * 1024;

/** Registers `GET /showtimes/:showtimeId/seats`. */
export function addShowSeatMatrix(app: ApiServer, deps: RouteDeps): void {
	const matrices = createBodyCache<ShowtimeId>({ bytesMax: CACHED_MATRICES_BYTES_MAX });
	const statuses = createBodyCache<ShowtimeId>({ bytesMax: CACHED_STATUSES_BYTES_MAX });

	app.route({
		method: "GET",
		url: "/showtimes/:showtimeId/seats",
		onRequest: app.acceptUser,
		schema: {
			operationId: "showSeatMatrix",
			summary: "Read the seats of a showtime",
			description:
				"Returns every seat with its current status, row by row, with labels, prices and counts. With an access token, seats that " +
				"the user holds or has bought have `mine: true`. Without a token no seat is marked. An invalid or expired token is answered " +
				"401: refresh the session, or send the request without a token. `view=status` returns one letter per seat instead, the same " +
				"for all users. The seat plan (`GET /api/v1/plans/{id}` of the `planId` in that answer) says which seat each letter belongs " +
				"to. Once the showtime is over and its live seats are deleted, the answer is `showtime_closed`.",
			tags: ["showtimes"],
			security: [{}, { accessToken: [] }],
			params: BY_SHOWTIME_ID,
			querystring: Type.Object({ view: Type.Optional(oneOf(["matrix", "status"], "Form of the answer; `matrix` if absent")) }, CLOSED),
			headers: IF_NONE_MATCH,
			response: {
				200: Type.Unsafe<Buffer>({
					anyOf: [SeatMatrix.ref, SeatStatuses.ref],
					description: "A `SeatMatrix`, or with `view=status` a `SeatStatuses`",
					headers: {
						ETag: Type.String({ description: "Entity tag for `If-None-Match`" }),
						Vary: Type.String({ description: "`Authorization`; absent with `view=status`" }),
						"Cache-Control": Type.String({ description: "`private, no-cache`; `no-cache` with `view=status`" }),
					},
				}),
				304: Type.Null({ description: "The seats have not changed since the answer whose `ETag` you sent" }),
			},
		},
		config: { problems: ["invalid_request", "unauthenticated", ...OPENING_PROBLEMS, ...STORE_PROBLEMS] },
		handler: async (request, reply) => {
			const showtimeId = parseShowtimeId(request.params.showtimeId, deps.settings.limits.buckets);
			if (showtimeId === null) return reply.problem("not_found");
			const live = await readLiveMap(deps, showtimeId);
			if (live.outcome !== "read") return reply.problem(live.outcome);

			const isMatrix = request.query.view !== "status";
			const own = isMatrix && request.user !== null ? await readOwn(deps, live, request.user.id) : NO_SEATS;
			const sharedTag = isMatrix ? `"${live.map.version}-${live.showtime.priceVersion}"` : `"${live.map.version}"`;
			const tag = own.size === 0 ? sharedTag : markedTag(sharedTag, own);
			reply.headers({ etag: tag, "cache-control": isMatrix ? "private, no-cache" : "no-cache" });
			if (isMatrix) reply.header("vary", "Authorization");
			if (isNotModified(request.headers["if-none-match"], tag)) return reply.code(304).send(null);

			reply.type("application/json; charset=utf-8");
			if (!isMatrix) return reply.send(statuses.body(showtimeId, tag, () => renderStatuses(live)));
			const shared = matrices.body(showtimeId, sharedTag, () => renderSeatMatrix(live));
			return reply.send(own.size === 0 ? shared : markOwnSeats(shared, live, own));
		},
	});
}

const NO_SEATS: ReadonlySet<number> = new Set();

/** The indexes of the user's own seats. A seat that was freed between the two reads is left out. */
async function readOwn({ seatStore }: RouteDeps, { showtime, map }: LiveMap, userId: UserId): Promise<ReadonlySet<number>> {
	const seats = await seatStore.readOwnSeats(showtime.id, userId, map.nowMs);
	return new Set(seats.filter((seat) => map.statuses[seat] === "H" || map.statuses[seat] === "S"));
}

/** A strong tag: the body depends only on the shared matrix and on the marked seats. */
function markedTag(sharedTag: string, own: ReadonlySet<number>): string {
	const marks = createHash("sha256")
		.update([...own].sort().join())
		.digest("base64url")
		.slice(0, 16);
	return `${sharedTag.slice(0, -1)}-${marks}"`;
}

function renderStatuses({ showtime, map }: LiveMap): string {
	const body: SeatStatusesBody = { showtimeId: showtime.id, planId: showtime.planId, version: map.version, statuses: map.statuses };
	return JSON.stringify(body);
}
