/** `GET /admin/users/:id`: shows one user, also after the account was deleted. */
import { findAdminUser } from "@holdfast/database";
import { parseUserId } from "@holdfast/domain";
import type { ApiServer } from "../api-server.ts";
import { VERSION_HEADERS } from "../contract/admin.ts";
import { AdminUser } from "../contract/admin-user.ts";
import { BY_ID_OF_USER } from "../contract/page.ts";
import { ADMIN_PROBLEMS } from "../contract/problems.ts";
import type { AppDeps } from "../deps.ts";
import { presentAdminUser } from "./present-admin-user.ts";
import { sendVersioned } from "./send-versioned.ts";

/** Registers `GET /admin/users/:id`. */
export function addShowUser(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "GET",
		url: "/users/:id",
		schema: {
			operationId: "showUser",
			summary: "Read one user",
			description:
				"Returns the user with its version. Of a deleted account, which bookings may still name, e-mail address and name are null.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_USER,
			response: { 200: AdminUser.answer("The user", VERSION_HEADERS) },
		},
		config: { problems: ["invalid_request", "not_found", ...ADMIN_PROBLEMS] },
		handler: async (request, reply) => {
			const userId = parseUserId(request.params.id);
			const user = userId && (await findAdminUser(database, userId));
			return user === null ? reply.problem("not_found") : sendVersioned(reply, presentAdminUser(user));
		},
	});
}
