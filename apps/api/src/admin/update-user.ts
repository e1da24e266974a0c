/** `PUT /admin/users/:id`: changes the role of a user, and blocks and unblocks users. */
import { AccessChangeInterrupted, changeAccess } from "@holdfast/accounts";
import { parseUserId } from "@holdfast/domain";
import type { ApiServer } from "../api-server.ts";
import { IF_MATCH, VERSION_HEADERS } from "../contract/admin.ts";
import { AdminUser, UserChange } from "../contract/admin-user.ts";
import { BY_ID_OF_USER } from "../contract/page.ts";
import { ADMIN_CHANGE_PROBLEMS } from "../contract/problems.ts";
import type { AppDeps } from "../deps.ts";
import { unlessChanged } from "../plugins/unless-changed.ts";
import { commandOf, parseVersionCondition, refuseIfMatch } from "./admin-request.ts";
import { presentAdminUser } from "./present-admin-user.ts";
import { sendChanged } from "./send-versioned.ts";

/** The `errors` of the 400 for a change that needs a reason and has none. */
const REASON_REQUIRED = { errors: [{ pointer: "/reason", message: "is required to block a user or to take a role" }] };

/** Registers `PUT /admin/users/:id`. */
export function addUpdateUser(app: ApiServer, { database, authStore }: AppDeps): void {
	app.route({
		method: "PUT",
		url: "/users/:id",
		schema: {
			operationId: "updateUser",
			summary: "Change the role of a user, block or unblock a user",
			description:
				"Changes the fields that the body has. If every field has its value already, the answer is 200 and the version stays. A blocked user " +
				"cannot sign in, and every session ends within a second, as it does when a role is taken. Holds and bookings stay: holds expire, " +
				"bookings are valid. Admins change neither their own role nor their own block. After `outcome_unknown` send the same request again: it ends sessions " +
				"that the first one may have left.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_USER,
			headers: IF_MATCH,
			body: UserChange.ref,
			response: { 200: AdminUser.answer("The user after the change", VERSION_HEADERS) },
		},
		config: { problems: ["not_found", "version_mismatch", "own_role", ...ADMIN_CHANGE_PROBLEMS] },
		handler: async (request, reply) => {
			const userId = parseUserId(request.params.id);
			if (userId === null) return reply.problem("not_found");
			const condition = parseVersionCondition(request.headers["if-match"]);
			if (condition.outcome === "malformed") return refuseIfMatch(reply, condition.message);
			const { reason = null, ...changes } = request.body;
			const change = { changes, ifVersions: condition.ifVersions, command: commandOf(request, reason) };
			const result = await changeAccess({ database, authStore }, userId, change).catch((error: unknown) => {
				throw error instanceof AccessChangeInterrupted ? unlessChanged(error, error.mayHaveChanged) : error;
			});
			switch (result.outcome) {
				case "own_role":
					return reply.problem("own_role");
				case "not_admin":
					return reply.problem("forbidden");
				case "reason_required":
					return reply.problem("invalid_request", REASON_REQUIRED);
				default:
					return sendChanged(reply, result, presentAdminUser);
			}
		},
	});
}
