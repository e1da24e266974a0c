/** `POST /admin/auditoriums/:id/plans`: adds a seat plan, or shows in a dry run what would be added. */
import { createSeatPlan, findAuditorium } from "@holdfast/database";
import { parseAuditoriumId } from "@holdfast/domain";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { VERSION_HEADERS } from "../contract/admin.ts";
import { AdminSeatPlan, NewSeatPlan, SeatPlanDraft } from "../contract/admin-seat-plan.ts";
import { BY_ID_OF_AUDITORIUM } from "../contract/page.ts";
import { ADMIN_CHANGE_PROBLEMS, PLAN_BODY_MAX_BYTES } from "../contract/problems.ts";
import { CLOSED } from "../contract/share.ts";
import type { AppDeps } from "../deps.ts";
import { commandOf } from "./admin-request.ts";
import { presentSeatPlan } from "./present-seat-plan.ts";
import { readSeatPlan } from "./read-seat-plan.ts";
import { sendVersioned } from "./send-versioned.ts";

/** Registers `POST /admin/auditoriums/:id/plans`. */
export function addCreateSeatPlan(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "POST",
		url: "/auditoriums/:id/plans",
		bodyLimit: PLAN_BODY_MAX_BYTES,
		schema: {
			operationId: "createSeatPlan",
			summary: "Add a seat plan to an auditorium",
			description:
				"Adds a plan, as our own layout or as a seating plan of pretix. The first plan of an auditorium becomes its current plan; make a " +
				"later one current with `PUT`. A plan never changes: to edit one, add another. All errors of a plan are listed. A value of the wrong " +
				"type is a malformed request, of which only the first is listed. A repeat adds another plan. With `dryRun=true` nothing is stored.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_AUDITORIUM,
			querystring: Type.Object(
				{ dryRun: Type.Optional(Type.Boolean({ description: "`true`: show what would be stored, and store nothing" })) },
				CLOSED,
			),
			body: NewSeatPlan.ref,
			response: {
				200: SeatPlanDraft.answerBytes("A dry run: the plan that would be stored"),
				201: AdminSeatPlan.answer("The new plan", VERSION_HEADERS),
			},
		},
		config: { problems: ["not_found", "invalid_plan", ...ADMIN_CHANGE_PROBLEMS], exactDetails: ["plan_too_large"] },
		handler: async (request, reply) => {
			const auditoriumId = parseAuditoriumId(request.params.id);
			if (auditoriumId === null || (await findAuditorium(database, auditoriumId)) === null) return reply.problem("not_found");
			const read = readSeatPlan(request.body);
			if (read.outcome !== "read") return reply.problem(read.outcome, read.extras);
			const { layout, seatCount, summary } = read;
			const focus = request.body.focus ?? null;
			if (request.query.dryRun === true) {
				const draft = { seatCount, tiers: layout.tiers, rows: layout.rows, focus, import: summary };
				return reply.type("application/json; charset=utf-8").send(Buffer.from(JSON.stringify(draft)));
			}
			const result = await createSeatPlan(database, auditoriumId, { layout, seatCount, focus }, commandOf(request));
			if (result.outcome === "not_found") return reply.problem("not_found");
			return sendVersioned(reply.code(201), presentSeatPlan(result.row));
		},
	});
}
