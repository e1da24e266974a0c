/** `GET /showtimes/:showtimeId/seats`: every seat and its status now; with a token, the reader's own are marked. */
import { createHash } from "node:crypto";
import { parseShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { Type } from "typebox";
import { createBoundedCache } from "../bounded-cache.ts";
import { OPENING_PROBLEMS, STORE_PROBLEMS } from "../contract/problems.ts";
import { SeatMatrix } from "../contract/showtime.ts";
import type { RouteDeps, Routes } from "../routes.ts";
import { type LiveMap, readLiveMap } from "./read-live-map.ts";
import { renderSeatMatrix } from "./render-seat-matrix.ts";

/** Characters of matrix kept: some 4,000 halls of 100 seats, or ten arenas of 50,000. */
const CACHED_TEXT_MAX = 32 * 1024 * 1024;
const NOBODYS: ReadonlySet<number> = new Set();

export function addShowSeatMatrix(app: Routes, deps: RouteDeps): void {
	const renderShared = createRenderer();

	app.route({
		method: "GET",
		url: "/showtimes/:showtimeId/seats",
		onRequest: app.acceptUser,
		schema: {
			operationId: "showSeatMatrix",
			summary: "The seats of a showtime now",
			tags: ["showtimes"],
			security: [{}, { accessToken: [] }],
			params: Type.Object({ showtimeId: Type.String({ description: "Its id, a UUID" }) }),
			headers: Type.Object({ "if-none-match": Type.Optional(Type.String({ description: "An `ETag` seen before" })) }),
			response: {
				200: SeatMatrix.answerText("The seats", { ETag: Type.String(), Vary: Type.String() }),
				304: Type.Null({ description: "They are as they were" }),
			},
		},
		config: { problems: ["unauthenticated", ...OPENING_PROBLEMS, ...STORE_PROBLEMS] },
		handler: async (request, reply) => {
			const showtimeId = parseShowtimeId(request.params.showtimeId);
			if (showtimeId === null) return reply.problem("not_found");
			const live = await readLiveMap(deps, showtimeId);
			if (live.outcome !== "read") return reply.problem(live.outcome);

			const own = request.user === null ? NOBODYS : await readOwn(deps, live, request.user.id);
			const tag = tagOf(live, own);
			reply.headers({ etag: tag, vary: "Authorization", "cache-control": "private, no-cache" });
			if (isKnown(request.headers["if-none-match"], tag)) return reply.code(304).send(null);
			reply.type("application/json; charset=utf-8");
			return reply.send(own.size === 0 ? renderShared(showtimeId, tag, live) : renderSeatMatrix(live, own));
		},
	});
}

/** The reader's seats; one that was freed between the two reads is not theirs any more. */
async function readOwn(
	{ seatStore }: RouteDeps,
	{ showtime, map }: LiveMap,
	userId: Parameters<RouteDeps["seatStore"]["readOwnSeats"]>[1],
): Promise<ReadonlySet<number>> {
	const seats = await seatStore.readOwnSeats(showtime.id, userId, map.nowMs);
	return new Set(seats.filter((seat) => map.statuses[seat] === "H" || map.statuses[seat] === "S"));
}

/** A strong tag: seats, prices and marks are all that the text depends on. */
function tagOf({ showtime, map }: LiveMap, own: ReadonlySet<number>): string {
	const marks =
		own.size === 0
			? ""
			: `-${createHash("sha256")
					.update([...own].sort().join())
					.digest("base64url")
					.slice(0, 16)}`;
	return `"${map.version}-${showtime.priceVersion}${marks}"`;
}

/** `If-None-Match` (RFC 9110, 13.1.2): a list, compared weakly, or `*`. */
function isKnown(header: string | undefined, tag: string): boolean {
	if (header === undefined) return false;
	return header.split(",").some((part) => part.trim() === "*" || part.trim().replace(/^W\//, "") === tag);
}

/** Renders what everyone sees who has no seats here, once per tag. */
function createRenderer(): (showtimeId: ShowtimeId, tag: string, live: LiveMap) => string {
	const cache = createBoundedCache<ShowtimeId, { readonly tag: string; readonly text: string }>({
		weightMax: CACHED_TEXT_MAX,
		weigh: ({ text }) => text.length,
	});
	return (showtimeId, tag, live) => {
		const cached = cache.get(showtimeId);
		if (cached?.tag === tag) return cached.text;
		const text = renderSeatMatrix(live, NOBODYS);
		cache.set(showtimeId, { tag, text });
		return text;
	};
}
