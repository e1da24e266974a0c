/** `GET /health`: reports whether bookings work now. */
import { createSingleFlight } from "@holdfast/runtime";
import type { ApiServer } from "../api-server.ts";
import { Health, type HealthBody } from "../contract/health.ts";
import type { AppDeps } from "../deps.ts";
import { checkHealth } from "./check-health.ts";

const RETRY_AFTER_SECONDS = 2;

/** Registers `GET /health`. */
export function addShowHealth(app: ApiServer, { seatStore, database, settings }: AppDeps): void {
	const checks = createSingleFlight<"health", HealthBody>();

	/** Concurrent requests share one check: the route is public and exempt from load shedding. A check takes less than 2 s. */
	function checkOnce(): Promise<HealthBody> {
		const { limits, settleLagMaxMs } = settings;
		return checks.run("health", () => checkHealth({ seatStore, database, outboxMax: limits.outboxMax, settleLagMaxMs }));
	}

	app.route({
		method: "GET",
		url: "/health",
		schema: {
			operationId: "showHealth",
			summary: "Whether bookings work now",
			description:
				"Looks at everything that bookings need, and is true within 2 s of a part dying, being demoted, ceasing to take writes or to keep them, and of its coming back. `degraded`: bookings work, but nobody records them for now. For load balancers: 200 sends people here, 503 does not.",
			tags: ["health"],
			response: { 200: Health.answer("`ok` or `degraded`: bookings work"), 503: Health.answer("`down`: bookings do not work") },
		},
		config: { isAlwaysAnswered: true },
		handler: async (_request, reply) => {
			const health = await checkOnce();
			reply.header("cache-control", "no-store");
			if (health.status === "down") return reply.code(503).header("retry-after", RETRY_AFTER_SECONDS).send(health);
			return reply.send(health);
		},
	});
}
