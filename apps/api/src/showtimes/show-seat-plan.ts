/** `GET /plans/:id`: shows rows, gaps, tiers and kinds of seat. A plan never changes, so clients may cache it for a year. */
import { createHash } from "node:crypto";
import { type IndexedSeatPlan, parseSeatPlanId } from "@holdfast/domain";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { BY_ID_OF_PLAN, IF_NONE_MATCH } from "../contract/page.ts";
import { STORE_PROBLEMS } from "../contract/problems.ts";
import { SeatPlan } from "../contract/seat-plan.ts";
import type { RouteDeps } from "../deps.ts";
import { isNotModified } from "./if-none-match.ts";

/** A year, the longest time that caches honour (RFC 9111, 1.2.2). */
const FOR_EVER = "public, max-age=31536000, immutable";

/** Registers `GET /plans/:id`. */
export function addShowSeatPlan(app: ApiServer, { seatPlans }: RouteDeps): void {
	/** Bodies by plan. An entry is collected when `seatPlans` evicts its plan, so this cache needs no limit. */
	const rendered = new WeakMap<IndexedSeatPlan, RenderedPlan>();

	function renderOnce(plan: IndexedSeatPlan): RenderedPlan {
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
				"identify seats by their index in this plan.",
			tags: ["showtimes"],
			params: BY_ID_OF_PLAN,
			headers: IF_NONE_MATCH,
			response: {
				200: SeatPlan.answerBytes("The seat plan", {
					ETag: Type.String({ description: "Entity tag for `If-None-Match`" }),
					"Cache-Control": Type.String({ description: `\`${FOR_EVER}\`` }),
				}),
				304: Type.Null({ description: "The seat plan is the one whose `ETag` you sent" }),
			},
		},
		config: { problems: ["not_found", ...STORE_PROBLEMS] },
		handler: async (request, reply) => {
			const planId = parseSeatPlanId(request.params.id);
			const plan = planId && (await seatPlans.findIfAny(planId));
			if (plan === null) return reply.problem("not_found");
			const { tag, body } = renderOnce(plan);
			reply.headers({ etag: tag, "cache-control": FOR_EVER });
			if (isNotModified(request.headers["if-none-match"], tag)) return reply.code(304).send(null);
			return reply.type("application/json; charset=utf-8").send(body);
		},
	});
}

type RenderedPlan = { readonly tag: string; readonly body: Buffer };

function render({ plan: { id, tiers, rows }, seats }: IndexedSeatPlan): RenderedPlan {
	const body = Buffer.from(JSON.stringify({ id, seatCount: seats.length, tiers, rows }));
	return { tag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`, body };
}
