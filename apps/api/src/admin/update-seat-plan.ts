/** `PUT /admin/plans/:id`: changes the focus of a seat plan, or makes it the current plan of its auditorium. */
import { updateSeatPlan } from "@holdfast/database";
import { parseSeatPlanId } from "@holdfast/domain";
import type { ApiServer } from "../api-server.ts";
import { IF_MATCH, VERSION_HEADERS } from "../contract/admin.ts";
import { AdminSeatPlan, SeatPlanChange } from "../contract/admin-seat-plan.ts";
import { BY_ID_OF_ANY_PLAN } from "../contract/page.ts";
import { ADMIN_CHANGE_PROBLEMS } from "../contract/problems.ts";
import type { AppDeps } from "../deps.ts";
import { commandOf, parseVersionCondition, refuseIfMatch } from "./admin-request.ts";
import { presentSeatPlan } from "./present-seat-plan.ts";
import { refuseTerms } from "./refuse-terms.ts";
import { sendChanged } from "./send-versioned.ts";

/** Registers `PUT /admin/plans/:id`. */
export function addUpdateSeatPlan(app: ApiServer, { database }: AppDeps): void {
	app.route({
		method: "PUT",
		url: "/plans/:id",
		schema: {
			operationId: "updateSeatPlan",
			summary: "Make a seat plan current, or set its focus",
			description:
				"`isCurrent: true` makes this the plan of showtimes that are scheduled later; the plan that was current until then gets a new version " +
				"too. Showtimes that exist keep their plan. Refused with 422 while the default prices or blocked seats of the auditorium do not fit " +
				"the plan: clear them first, and set new ones afterwards. The layout of a plan never changes: add another plan.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_ID_OF_ANY_PLAN,
			headers: IF_MATCH,
			body: SeatPlanChange.ref,
			response: { 200: AdminSeatPlan.answer("The plan after the change, without its rows", VERSION_HEADERS) },
		},
		config: { problems: ["not_found", "version_mismatch", "unknown_tiers", "unknown_seats", ...ADMIN_CHANGE_PROBLEMS] },
		handler: async (request, reply) => {
			const planId = parseSeatPlanId(request.params.id);
			if (planId === null) return reply.problem("not_found");
			const condition = parseVersionCondition(request.headers["if-match"]);
			if (condition.outcome === "malformed") return refuseIfMatch(reply, condition.message);
			const { ifVersions } = condition;
			const result = await updateSeatPlan(database, planId, { changes: request.body, ifVersions, command: commandOf(request) });
			switch (result.outcome) {
				case "unknown_tiers":
				case "unknown_seats":
					return refuseTerms(reply, result, "/isCurrent");
				default:
					return sendChanged(reply, result, presentSeatPlan);
			}
		},
	});
}
