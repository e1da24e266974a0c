/** `DELETE /admin/showtimes/:id`: cancels a showtime, with all of its bookings. */
import { startCancel } from "@holdfast/database";
import { parseShowtimeId } from "@holdfast/domain";
import { unreachable } from "@holdfast/runtime";
import type { ApiServer } from "../api-server.ts";
import { IF_MATCH, REQUIRED_REASON, SHOWTIME_VERSION_HEADERS } from "../contract/admin.ts";
import { AdminShowtimeDetails } from "../contract/admin-showtime.ts";
import { BY_ID_OF_SHOWTIME } from "../contract/page.ts";
import { ADMIN_CHANGE_PROBLEMS } from "../contract/problems.ts";
import type { RouteDeps } from "../deps.ts";
import { rejectBody } from "../plugins/reject-body.ts";
import { finishAction } from "./action-deps.ts";
import { commandOf, refuseIfMatch } from "./admin-request.ts";
import { answerChanged } from "./answer-changed.ts";
import { parseShowtimeCondition, readChanged } from "./change-showtime.ts";

/** Registers `DELETE /admin/showtimes/:id`. */
export function addCancelShowtime(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "DELETE",
		url: "/showtimes/:id",
		preHandler: rejectBody,
		schema: {
			operationId: "cancelShowtime",
			summary: "Cancel a showtime",
			description:
				"Cancels the showtime for good, until a day after its end. No hold can be placed or confirmed any more; every confirmed booking is " +
				"cancelled, and what it cost is owed to its buyer. Read the showtime first: `live` and `ledger` say what that concerns. The answer " +
				"comes when the ledger has the cancel, after 5 s at most; `recorded` says whether it does. A repeat is answered 200 and changes nothing.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_SHOWTIME,
			headers: IF_MATCH,
			querystring: REQUIRED_REASON,
			response: { 200: AdminShowtimeDetails.answer("The cancelled showtime", SHOWTIME_VERSION_HEADERS) },
		},
		config: { problems: ["not_found", "version_mismatch", "showtime_closed", ...ADMIN_CHANGE_PROBLEMS] },
		handler: async (request, reply) => {
			const showtimeId = parseShowtimeId(request.params.id, deps.settings.limits.buckets);
			if (showtimeId === null) return reply.problem("not_found");
			const condition = parseShowtimeCondition(request.headers["if-match"]);
			if (condition.outcome === "malformed") return refuseIfMatch(reply, condition.message);
			const command = commandOf(request, request.query.reason);
			const start = await startCancel(deps.database, { showtimeId, ifVersions: condition.terms, command });
			if (start.outcome === "unchanged") return answerChanged(reply, "set", await readChanged(deps, showtimeId));
			if (start.outcome !== "started") return reply.problem(start.outcome);
			const driven = await finishAction(deps, start.actionId);
			if (driven.outcome === "pending") return reply.problem("outcome_unknown");
			const result = driven.outcome === "recorded" ? driven.result : "done";
			switch (result) {
				case "done":
				case "showtime_cancelled":
					return answerChanged(reply, "set", await readChanged(deps, showtimeId));
				case "version_mismatch":
					return answerChanged(reply, "version_mismatch", await readChanged(deps, showtimeId));
				case "showtime_closed":
					return reply.problem("showtime_closed");
				case "unknown":
					return reply.problem("not_found");
				case "has_bookings":
					throw new Error("a cancel ended as has_bookings");
				default:
					return unreachable(result);
			}
		},
	});
}
