/** `GET /admin/auditoriums`: lists auditoriums by name, archived ones included. */
import { listAuditoriums } from "@holdfast/database";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { archivedFilter } from "../contract/admin.ts";
import { AuditoriumPage } from "../contract/admin-auditorium.ts";
import { BAD_CURSOR, PAGE_LIMIT_DEFAULT, PAGE_QUERY } from "../contract/page.ts";
import { ADMIN_PROBLEMS } from "../contract/problems.ts";
import { CLOSED } from "../contract/share.ts";
import type { AppDeps } from "../deps.ts";
import { presentAuditorium } from "./present-auditorium.ts";

/** Registers `GET /admin/auditoriums`. */
export function addListAuditoriums(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "GET",
		url: "/auditoriums",
		schema: {
			operationId: "listAuditoriums",
			summary: "List auditoriums, archived ones included",
			description: "Lists auditoriums in the order of their names. Without `archived`, both those in use and the archived ones.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			querystring: Type.Object({ ...PAGE_QUERY, archived: archivedFilter("auditoriums") }, CLOSED),
			response: { 200: AuditoriumPage.answer("One page of auditoriums") },
		},
		config: { problems: ["invalid_request", ...ADMIN_PROBLEMS] },
		handler: async (request, reply) => {
			const { limit = PAGE_LIMIT_DEFAULT, ...rest } = request.query;
			const result = await listAuditoriums(database, { limit, ...rest });
			if (result.outcome === "bad_cursor") return reply.problem("invalid_request", BAD_CURSOR);
			return reply.send({ items: result.items.map(presentAuditorium), nextCursor: result.nextCursor });
		},
	});
}
