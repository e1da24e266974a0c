/** `DELETE /admin/auditoriums/:id`: archives an auditorium that has no showtimes to come. */
import { archiveAuditorium } from "@holdfast/database";
import { parseAuditoriumId } from "@holdfast/domain";
import type { ApiServer } from "../api-server.ts";
import { IF_MATCH, OPTIONAL_REASON, VERSION_HEADERS } from "../contract/admin.ts";
import { Auditorium } from "../contract/admin-auditorium.ts";
import { BY_ID_OF_AUDITORIUM } from "../contract/page.ts";
import { ADMIN_CHANGE_PROBLEMS } from "../contract/problems.ts";
import type { AppDeps } from "../deps.ts";
import { rejectBody } from "../plugins/reject-body.ts";
import { commandOf, parseVersionCondition, refuseIfMatch } from "./admin-request.ts";
import { presentAuditorium } from "./present-auditorium.ts";
import { sendChanged } from "./send-versioned.ts";

/** Registers `DELETE /admin/auditoriums/:id`. */
export function addArchiveAuditorium(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "DELETE",
		url: "/auditoriums/:id",
		preHandler: rejectBody,
		schema: {
			operationId: "archiveAuditorium",
			summary: "Archive an auditorium",
			description:
				"Takes the auditorium out of use: no showtime can be scheduled in it. Its plans, and its past showtimes with their bookings, stay. " +
				"Refused while showtimes are to come. A repeat is answered 200 and changes nothing. `PUT` with `archived: false` brings it back.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_AUDITORIUM,
			headers: IF_MATCH,
			querystring: OPTIONAL_REASON,
			response: { 200: Auditorium.answer("The archived auditorium", VERSION_HEADERS) },
		},
		config: { problems: ["not_found", "version_mismatch", "has_showtimes", ...ADMIN_CHANGE_PROBLEMS] },
		handler: async (request, reply) => {
			const auditoriumId = parseAuditoriumId(request.params.id);
			if (auditoriumId === null) return reply.problem("not_found");
			const condition = parseVersionCondition(request.headers["if-match"]);
			if (condition.outcome === "malformed") return refuseIfMatch(reply, condition.message);
			const command = commandOf(request, request.query.reason ?? null);
			const result = await archiveAuditorium(database, auditoriumId, { ifVersions: condition.ifVersions, command });
			if (result.outcome === "has_showtimes") return reply.problem("has_showtimes", { count: result.count });
			return sendChanged(reply, result, presentAuditorium);
		},
	});
}
