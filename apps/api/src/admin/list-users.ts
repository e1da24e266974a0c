/** `GET /admin/users`: lists users by e-mail, blocked ones included. */
import { listUsers } from "@holdfast/database";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { AdminUserPage, USER_FILTERS } from "../contract/admin-user.ts";
import { BAD_CURSOR, PAGE_LIMIT_DEFAULT } from "../contract/page.ts";
import { ADMIN_PROBLEMS } from "../contract/problems.ts";
import { CLOSED } from "../contract/share.ts";
import type { AppDeps } from "../deps.ts";
import { presentAdminUser } from "./present-admin-user.ts";

/** Registers `GET /admin/users`. */
export function addListUsers(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "GET",
		url: "/users",
		schema: {
			operationId: "listUsers",
			summary: "List users",
			description: "Lists users in the order of their e-mail addresses. All filters must match. Deleted accounts are not listed.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			querystring: Type.Object(USER_FILTERS, CLOSED),
			response: { 200: AdminUserPage.answer("One page of users") },
		},
		config: { problems: ["invalid_request", ...ADMIN_PROBLEMS] },
		handler: async (request, reply) => {
			const { limit = PAGE_LIMIT_DEFAULT, ...rest } = request.query;
			const result = await listUsers(database, { limit, ...rest });
			if (result.outcome === "bad_cursor") return reply.problem("invalid_request", BAD_CURSOR);
			return reply.send({ items: result.items.map(presentAdminUser), nextCursor: result.nextCursor });
		},
	});
}
