/** `DELETE /admin/users/:id`: deletes the account of a user. */
import { parseUserId } from "@holdfast/domain";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { answerDeletion, runDeletion } from "../auth/answer-deletion.ts";
import { REQUIRED_REASON } from "../contract/admin.ts";
import { BY_ID_OF_USER } from "../contract/page.ts";
import { ADMIN_CHANGE_PROBLEMS } from "../contract/problems.ts";
import type { RouteDeps } from "../deps.ts";
import { rejectBody } from "../plugins/reject-body.ts";
import { commandOf } from "./admin-request.ts";

/** Registers `DELETE /admin/users/:id`. */
export function addDeleteUser(app: ApiServer, deps: RouteDeps): void {
	app.route({
		method: "DELETE",
		url: "/users/:id",
		preHandler: rejectBody,
		schema: {
			operationId: "deleteUser",
			summary: "Delete the account of a user",
			description:
				"Deletes the account for good: all sessions end, holds are released, and e-mail address, password and name are erased. Bookings stay. " +
				"Refused while the account has confirmed bookings at showtimes that are not over: `bookings` names them. The answer takes 5 to 10 " +
				"seconds, until no server accepts the user's tokens any more. After no answer, or `outcome_unknown`, send the request again: it " +
				"finishes the deletion. A repeat is answered 204 and changes nothing.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_USER,
			querystring: REQUIRED_REASON,
			response: { 204: Type.Null({ description: "The account is deleted" }) },
		},
		config: { problems: ["not_found", "own_role", "has_bookings", ...ADMIN_CHANGE_PROBLEMS], exactDetails: ["account_has_bookings"] },
		handler: async (request, reply) => {
			const userId = parseUserId(request.params.id);
			if (userId === null) return reply.problem("not_found");
			const command = commandOf(request, request.query.reason);
			if (userId === command.actor) return reply.problem("own_role");
			return answerDeletion(reply, await runDeletion(deps, userId, command));
		},
	});
}
