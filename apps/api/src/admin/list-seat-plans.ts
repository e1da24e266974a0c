/** `GET /admin/auditoriums/:id/plans`: lists the seat plans of an auditorium, newest first. */
import { listSeatPlans } from "@holdfast/database";
import { parseAuditoriumId } from "@holdfast/domain";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { AdminSeatPlanPage } from "../contract/admin-seat-plan.ts";
import { BAD_CURSOR, BY_ID_OF_AUDITORIUM, PAGE_LIMIT_DEFAULT, PAGE_QUERY } from "../contract/page.ts";
import { ADMIN_PROBLEMS } from "../contract/problems.ts";
import { CLOSED } from "../contract/share.ts";
import type { AppDeps } from "../deps.ts";
import { presentSeatPlan } from "./present-seat-plan.ts";

/** Registers `GET /admin/auditoriums/:id/plans`. */
export function addListSeatPlans(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "GET",
		url: "/auditoriums/:id/plans",
		schema: {
			operationId: "listSeatPlans",
			summary: "List the seat plans of an auditorium",
			description: "Lists plans without their rows, newest first. At most one of them is current; an auditorium without plans has none.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_AUDITORIUM,
			querystring: Type.Object(
				{
					...PAGE_QUERY,
					isCurrent: Type.Optional(
						Type.Boolean({ description: "`true`: only the current plan; `false`: only plans that are not current" }),
					),
				},
				CLOSED,
			),
			response: { 200: AdminSeatPlanPage.answer("One page of plans") },
		},
		config: { problems: ["invalid_request", "not_found", ...ADMIN_PROBLEMS] },
		handler: async (request, reply) => {
			const auditoriumId = parseAuditoriumId(request.params.id);
			if (auditoriumId === null) return reply.problem("not_found");
			const { limit = PAGE_LIMIT_DEFAULT, ...rest } = request.query;
			const result = await listSeatPlans(database, { auditoriumId, limit, ...rest });
			if (result.outcome === "not_found") return reply.problem("not_found");
			if (result.outcome === "bad_cursor") return reply.problem("invalid_request", BAD_CURSOR);
			return reply.send({ items: result.items.map(presentSeatPlan), nextCursor: result.nextCursor });
		},
	});
}
