/** `GET /health`: reports whether bookings work now. */
import { createSingleFlight } from "@holdfast/runtime";
import type { ApiServer } from "../api-server.ts";
import { Health, type HealthBody } from "../contract/health.ts";
import { RETRY_AFTER } from "../contract/problem-schema.ts";
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
			summary: "Check whether bookings work",
			description:
				"Checks every component that bookings need. The answer reflects a failure or a recovery of a component within 2 s. Meant for load " +
				"balancers: 200 means that this deployment can serve users, 503 that it cannot.",
			tags: ["health"],
			response: {
				200: Health.answer("Bookings work: the status is `ok` or `degraded`"),
				503: Health.answer("Bookings do not work: the status is `down`. The body is `application/json`, not a problem", {
					"Retry-After": RETRY_AFTER,
				}),
			},
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
