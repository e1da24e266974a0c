/** `GET /plans/:id`: shows rows, gaps, tiers and kinds of seat. A plan never changes, so clients may cache it for a year. */
import { type IndexedSeatPlan, parseSeatPlanId } from "@holdfast/domain";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { type ConstantBody, constantBody, encodeFor } from "../constant-body.ts";
import { BY_ID_OF_PLAN, IF_NONE_MATCH } from "../contract/page.ts";
import { STORE_PROBLEMS } from "../contract/problems.ts";
import { SeatPlan } from "../contract/seat-plan.ts";
import type { RouteDeps } from "../deps.ts";

/** A year, the longest time that caches honour (RFC 9111, 1.2.2). */
const FOR_EVER = "public, max-age=31536000, immutable";

/** Registers `GET /plans/:id`. */
export function addShowSeatPlan(app: ApiServer, { seatPlans }: RouteDeps): void {
	/** Bodies by plan. An entry is collected when `seatPlans` evicts its plan, so this cache needs no limit. */
	const rendered = new WeakMap<IndexedSeatPlan, ConstantBody>();

	function renderOnce(plan: IndexedSeatPlan): ConstantBody {
		const known = rendered.get(plan);
		if (known !== undefined) return known;
		const fresh = render(plan);
		rendered.set(plan, fresh);
		return fresh;
	}

	app.route({
		method: "GET",
		url: "/plans/:id",
		schema: {
			operationId: "showSeatPlan",
			summary: "Read a seat plan",
			description:
				"Returns rows, gaps, tiers and kinds of seats. A seat plan never changes: a new layout gets a new id. `view=status` and the seat stream " +
				"identify seats by their index in this plan. Send `Accept-Encoding: gzip` or `zstd`, as browsers and most HTTP libraries do by " +
				"themselves: a large plan is then 20 to 50 times smaller.",
			tags: ["showtimes"],
			params: BY_ID_OF_PLAN,
			headers: IF_NONE_MATCH,
			response: {
				200: SeatPlan.answerBytes("The seat plan", {
					ETag: Type.String({ description: "Entity tag for `If-None-Match`, another one for each `Content-Encoding`" }),
					Vary: Type.String({ description: "`Accept-Encoding`" }),
					"Content-Encoding": Type.String({
						description:
							"`gzip` or `zstd` if `Accept-Encoding` accepts it. Absent even then for a plan of a few seats, and while the server compresses another body",
					}),
					"Cache-Control": Type.String({ description: `\`${FOR_EVER}\`` }),
				}),
				304: Type.Null({ description: "The seat plan is the one whose `ETag` you sent, in any `Content-Encoding`" }),
			},
		},
		config: { problems: ["not_found", ...STORE_PROBLEMS] },
		handler: async (request, reply) => {
			const planId = parseSeatPlanId(request.params.id);
			const plan = planId && (await seatPlans.findIfAny(planId));
			if (plan === null) return reply.problem("not_found");
			const { bytes, headers } = await encodeFor(request.raw.headers, renderOnce(plan));
			reply.headers({ ...headers, "cache-control": FOR_EVER });
			if (bytes === null) return reply.code(304).send(null);
			return reply.type("application/json; charset=utf-8").send(bytes);
		},
	});
}

const render = ({ plan: { id, tiers, rows }, seats }: IndexedSeatPlan): ConstantBody =>
	constantBody(JSON.stringify({ id, seatCount: seats.length, tiers, rows }));
