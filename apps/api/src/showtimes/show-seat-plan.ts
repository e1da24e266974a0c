/** `GET /plans/:id`: rows, gaps, tiers and kinds of seat. A plan never changes, so whoever has it need never ask again. */
import { createHash } from "node:crypto";
import { parseSeatPlanId, type SeatPlanId } from "@holdfast/domain";
import { LRUCache } from "lru-cache";
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { BY_ID, IF_NONE_MATCH } from "../contract/page.ts";
import { STORE_PROBLEMS } from "../contract/problems.ts";
import { SeatPlan } from "../contract/seat-plan.ts";
import type { RouteDeps } from "../deps.ts";
import { isNotModified } from "./if-none-match.ts";

/** Some ten arenas of 50,000 seats, or 5,000 halls of 100. */
const KEPT_PLANS_BYTES_MAX = 32 * 1024 * 1024;
/** A year: the longest that caches honour (RFC 9111, 1.2.2). */
const FOR_EVER = "public, max-age=31536000, immutable";

export function addShowSeatPlan(app: ApiServer, { seatPlans }: RouteDeps): void {
	const kept = new LRUCache<SeatPlanId, { readonly tag: string; readonly body: Buffer }>({
		maxSize: KEPT_PLANS_BYTES_MAX,
		sizeCalculation: ({ body }) => body.length,
	});

	async function findRendered(planId: SeatPlanId) {
		const known = kept.get(planId);
		if (known !== undefined) return known;
		const plan = await seatPlans.findIfAny(planId);
		if (plan === null) return null;
		const { id, tiers, rows } = plan.plan;
		const body = Buffer.from(JSON.stringify({ id, seatCount: plan.seats.length, tiers, rows }));
		const tag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
		kept.set(planId, { tag, body });
		return { tag, body };
	}

	app.route({
		method: "GET",
		url: "/plans/:id",
		schema: {
			operationId: "showSeatPlan",
			summary: "One seat plan",
			description: "Immutable: another layout is another plan. `view=status` and the stream name seats by their index in it.",
			tags: ["showtimes"],
			params: BY_ID,
			headers: IF_NONE_MATCH,
			response: {
				200: SeatPlan.answerBytes("The plan", { ETag: Type.String(), "Cache-Control": Type.String({ description: FOR_EVER }) }),
				304: Type.Null({ description: "You have it" }),
			},
		},
		config: { problems: ["not_found", ...STORE_PROBLEMS] },
		handler: async (request, reply) => {
			const planId = parseSeatPlanId(request.params.id);
			const found = planId && (await findRendered(planId));
			if (found === null) return reply.problem("not_found");
			reply.headers({ etag: found.tag, "cache-control": FOR_EVER });
			if (isNotModified(request.headers["if-none-match"], found.tag)) return reply.code(304).send(null);
			return reply.type("application/json; charset=utf-8").send(found.body);
		},
	});
}
