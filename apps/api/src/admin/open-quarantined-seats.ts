/** `POST /admin/showtimes/:id/open-seats`: puts the seats of a showtime on sale that are withheld after a proven loss. */
import { parseShowtimeId } from "@holdfast/domain";
import { openQuarantinedSeats } from "@holdfast/rebuild";
import type { ApiServer } from "../api-server.ts";
import { ReasonGiven } from "../contract/admin.ts";
import { OpenedSeats } from "../contract/alarm.ts";
import { BY_ID_OF_SHOWTIME } from "../contract/page.ts";
import { ADMIN_CHANGE_PROBLEMS, OPENING_PROBLEMS } from "../contract/problems.ts";
import type { RouteDeps } from "../deps.ts";
import { commandOf } from "./admin-request.ts";

/** Registers `POST /admin/showtimes/:id/open-seats`. */
export function addOpenQuarantinedSeats(app: ApiServer, { seatStore, database, installedShowtimes, settings }: RouteDeps): void {
	app.route({
		method: "POST",
		url: "/showtimes/:id/open-seats",
		schema: {
			operationId: "openQuarantinedSeats",
			summary: "Put quarantined seats on sale",
			description:
				"Ends the quarantine of a showtime: puts the seats on sale that are withheld because sales are proven to be lost. First check which of " +
				"them were sold, for instance in what the buyers were sent, and block those. A repeat is answered 200 and changes nothing.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_SHOWTIME,
			body: ReasonGiven.ref,
			response: { 200: OpenedSeats.answer("The seats are on sale") },
		},
		config: { problems: [...OPENING_PROBLEMS, ...ADMIN_CHANGE_PROBLEMS] },
		handler: async (request, reply) => {
			const showtimeId = parseShowtimeId(request.params.id, settings.limits.buckets);
			if (showtimeId === null) return reply.problem("not_found");
			const deps = { seatStore, database, open: installedShowtimes.reopen };
			const result = await openQuarantinedSeats(deps, showtimeId, commandOf(request, request.body.reason));
			reply.outcome = result.outcome;
			switch (result.outcome) {
				case "opened":
				case "not_quarantined":
					return reply.send({ showtimeId, openedSeats: result.outcome === "opened" ? result.seats : 0 });
				case "unknown":
					return reply.problem("not_found");
				case "locked":
					// The seats are on sale, and the end of the quarantine is not recorded: the repeat finishes.
					return reply.problem("outcome_unknown");
				default:
					return reply.problem(result.outcome);
			}
		},
	});
}
