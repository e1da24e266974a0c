/** `GET /admin/plans/:id`: shows one seat plan with its rows, in our own format or as a seating plan of pretix. */
import { findAdminSeatPlan, findAuditorium } from "@holdfast/database";
import { exportPretixPlan, listSeatKinds, parseSeatPlanId } from "@holdfast/domain";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { VERSION_HEADERS } from "../contract/admin.ts";
import { AdminSeatPlanDetails, PLAN_FORMATS } from "../contract/admin-seat-plan.ts";
import { BY_ID_OF_ANY_PLAN } from "../contract/page.ts";
import { ADMIN_PROBLEMS } from "../contract/problems.ts";
import { CLOSED, oneOf } from "../contract/share.ts";
import type { AppDeps } from "../deps.ts";
import { presentSeatPlan } from "./present-seat-plan.ts";

/** Registers `GET /admin/plans/:id`. */
export function addShowAdminSeatPlan(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "GET",
		url: "/plans/:id",
		schema: {
			operationId: "showAdminSeatPlan",
			summary: "Read one seat plan with its rows",
			description:
				"Returns the plan with its version. With `format=pretix` it is a seating plan of pretix and the kinds of its seats: a body that adds " +
				"the same plan again. Gaps become distances there, so gaps at the end of a row are lost.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_ANY_PLAN,
			querystring: Type.Object({ format: Type.Optional(oneOf(PLAN_FORMATS, "`holdfast` if absent")) }, CLOSED),
			response: { 200: AdminSeatPlanDetails.answerBytes("The plan", VERSION_HEADERS) },
		},
		config: { problems: ["invalid_request", "not_found", ...ADMIN_PROBLEMS] },
		handler: async (request, reply) => {
			const planId = parseSeatPlanId(request.params.id);
			const found = planId && (await findAdminSeatPlan(database, planId));
			if (found === null) return reply.problem("not_found");
			const { plan, layout } = found;
			let body: object = { ...presentSeatPlan(plan), rows: layout.rows };
			if (request.query.format === "pretix") {
				const auditorium = await findAuditorium(database, plan.auditoriumId);
				body = { format: "pretix", plan: exportPretixPlan(layout, auditorium?.name ?? plan.id), kinds: listSeatKinds(layout) };
			}
			reply.header("etag", `"${plan.version}"`).type("application/json; charset=utf-8");
			return reply.send(Buffer.from(JSON.stringify(body)));
		},
	});
}
