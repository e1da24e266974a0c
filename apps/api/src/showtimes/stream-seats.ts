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

const DESCRIPTION = `Tells of seats by their index in the plan (\`GET /plans/{id}\`), with the letters of \`view=status\`.

Read \`GET /showtimes/{showtimeId}/seats?view=status\`, open the stream with \`?since=\` its \`version\`, and apply each event whose
\`version\` is above the one you have: its statuses replace what you knew of those seats. Versions rise from event to event, with gaps
where several changes are told as one. At an event \`reset\` read the seats anew, and go on with events later than what you read, those that arrived meanwhile
too: you came without a version, or with one too old to be led on from, or the seats were rebuilt. A browser's \`EventSource\` comes back by itself and says where it was
(\`Last-Event-ID\`, which goes before \`since\`). A comment line every 15 s shows that the stream lives. A client that does not read what
it is sent is dropped, and may come back. Holds that lapse are told at their instant. Where this answers \`overloaded\`, read
\`view=status\` with \`If-None-Match\` every few seconds.`;

const EXAMPLE =
	'id: 1000000007\ndata: {"version":1000000007,"seats":[[3,"H"],[4,"H"]]}\n\nevent: reset\nid: 2000000000\ndata: {"version":2000000000}\n\n';

/** The schema of the whole text, and of the JSON in each `data` line. */
const EVENTS = {
	type: "string",
	description: "Events without a name carry a `SeatDelta`, events `reset` a `SeatReset`; the `id` of both is their version",
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
			summary: "Seats as they change",
			description: DESCRIPTION,
			tags: ["showtimes"],
			params: BY_SHOWTIME_ID,
			querystring: Type.Object(
				{ since: Type.Optional(Type.Integer({ minimum: 0, maximum: VERSION_MAX, description: "`version` of the seats that you have" })) },
				CLOSED,
			),
			headers: Type.Object({
				"last-event-id": Type.Optional(
					Type.String({ pattern: "^\\d{1,15}$", description: "`id` of the last event seen; goes before `since`" }),
				),
			}),
			response: { 200: { description: "Events, for as long as you stay", content: { "text/event-stream": { schema: EVENTS } } } },
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
