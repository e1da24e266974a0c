/** `GET /showtimes/:showtimeId/seats/stream`: sends each change of a seat as a Server-Sent Event. */
import { parseShowtimeId } from "@holdfast/domain";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { addressOf } from "../client-address.ts";
import { SeatDelta, SeatReset } from "../contract/live-seats.ts";
import { BY_SHOWTIME_ID } from "../contract/page.ts";
import { OPENING_PROBLEMS, STORE_PROBLEMS } from "../contract/problems.ts";
import { CLOSED } from "../contract/share.ts";
import type { RouteDeps } from "../deps.ts";
import { responseHeadersFor } from "../plugins/response-headers.ts";
import { openEventStream } from "./event-stream.ts";

const DESCRIPTION = `Streams each change of a seat as Server-Sent Events. Seats are identified by their index in the seat plan
(\`GET /api/v1/plans/{id}\`), and statuses by the letters of \`view=status\`. Changes of prices and of the \`state\` of the
showtime are not sent: to learn of them, read the showtime again.

How to use it:

1. Read \`GET /api/v1/showtimes/{showtimeId}/seats?view=status\`.
2. Open the stream with \`since\` set to the \`version\` of that answer.
3. An event without a name is a \`SeatDelta\`. If its \`version\` is greater than the version of your statuses, set each
   listed seat to the given status and store its \`version\` as yours. Otherwise ignore the event. Versions may skip
   numbers, because several changes are combined into one event.
4. An event named \`reset\` is a \`SeatReset\`: read \`view=status\` again. If the statuses that you read have a lower version
   than the event, read them again. If the read fails, repeat it: a new connection does not repeat the reset. Queue
   events while you read; afterwards apply those whose version is greater than that of the statuses read. The server
   sends a reset if you sent neither \`since\` nor \`Last-Event-ID\`, if your version is too old, or after a recovery of the
   server.

After a disconnect, wait for the time of the \`retry\` field (1 to 5 s), then connect again with the \`id\` of the last
event as \`Last-Event-ID\`, which takes precedence over \`since\`. Before the first event there is no \`id\`: send \`since\`
again. A browser's \`EventSource\` does this by itself, but does not retry after a status other than 200. The server sends
a comment line every 15 s: after 45 s without a byte, reconnect. The server disconnects a client that reads too slowly;
the client can connect again. The server also ends its streams when it restarts, and may end them once the showtime is
over or cancelled; a new connection then gets 409. When a hold expires, its seats are sent as available within half a
second.

If the stream cannot be opened (503, or 429 where the operator limits the streams of one IP address), poll \`view=status\`
with \`If-None-Match\` every 3 s meanwhile, and try the stream again after \`Retry-After\`. Stop after 404 or 409: the
showtime does not exist, is over or was cancelled.`;

const EXAMPLE =
	'id: 1000000007\ndata: {"version":1000000007,"seats":[[3,"H"],[4,"H"]]}\n\nevent: reset\nid: 2000000000\ndata: {"version":2000000000}\n\n';

/** The schema of the whole text, and of the JSON in each `data` line. */
const EVENTS = {
	type: "string",
	description:
		"Server-Sent Events. The `data` of an event without a name is a `SeatDelta`; the `data` of an event named `reset` is a `SeatReset`. " +
		"The `id` of an event is its `version`",
	contentMediaType: "text/event-stream",
	contentSchema: { anyOf: [SeatDelta.ref, SeatReset.ref] },
	examples: [EXAMPLE],
};

const VERSION_MAX = Number.MAX_SAFE_INTEGER;

/** Registers `GET /showtimes/:showtimeId/seats/stream`. */
export function addStreamSeats(app: ApiServer, { seatWatches, settings }: RouteDeps): void {
	// `preClose` runs before the server waits for its connections to end. Open streams would never end.
	app.addHook("preClose", async () => seatWatches.close());

	app.route({
		method: "GET",
		url: "/showtimes/:showtimeId/seats/stream",
		// The response to a HEAD request would never end.
		exposeHeadRoute: false,
		schema: {
			operationId: "streamSeats",
			summary: "Stream the seats of a showtime",
			description: DESCRIPTION,
			tags: ["showtimes"],
			params: BY_SHOWTIME_ID,
			querystring: Type.Object(
				{
					since: Type.Optional(Type.Integer({ minimum: 0, maximum: VERSION_MAX, description: "`version` of the statuses that you have" })),
				},
				CLOSED,
			),
			headers: Type.Object({
				"last-event-id": Type.Optional(
					Type.String({ pattern: "^\\d{1,15}$", description: "`id` of the last event received; takes precedence over `since`" }),
				),
			}),
			response: {
				200: {
					description: "Events, until the client or the server closes the connection",
					content: { "text/event-stream": { schema: EVENTS } },
				},
			},
		},
		config: {
			isAlwaysAnswered: true,
			staysOpen: true,
			problems: ["invalid_request", ...OPENING_PROBLEMS, "overloaded", "too_many_requests", ...STORE_PROBLEMS],
		},
		handler: async (request, reply) => {
			const showtimeId = parseShowtimeId(request.params.showtimeId, settings.limits.buckets);
			if (showtimeId === null) return reply.problem("not_found");
			const slot = await seatWatches.acquire(showtimeId, addressOf(request));
			if (slot.outcome !== "acquired") return reply.problem(slot.outcome);

			reply.hijack();
			// If the client disconnected in the meantime, no `close` event will follow.
			if (request.raw.socket.destroyed) {
				slot.release();
				return reply;
			}
			reply.endConnection();
			const lastSeen = request.headers["last-event-id"];
			const stream = openEventStream(reply.raw, {
				headers: { ...reply.getHeaders(), ...responseHeadersFor(request.id) },
				onEnd(reason) {
					slot.release();
					if (reason === "too_slow") request.log.info({ showtimeId, requestId: request.id }, "slow watcher disconnected");
				},
			});
			slot.join(stream, lastSeen === undefined ? (request.query.since ?? null) : Number(lastSeen));
			return reply;
		},
	});
}
