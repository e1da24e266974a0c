/** `GET /readyz`: reports whether this process takes new requests. The stores are not checked: all processes share them. */
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { RETRY_AFTER } from "../contract/problem-schema.ts";
import { CLOSED, oneOf } from "../contract/share.ts";
import type { AppDeps } from "../deps.ts";

/** By then the load balancer sends the client to another process. */
const RETRY_AFTER_SECONDS = 1;

/** Registers `GET /readyz`. */
export function addShowReadiness(app: ApiServer, { drain }: Pick<AppDeps, "drain">): void {
	app.route({
		method: "GET",
		url: "/readyz",
		schema: {
			operationId: "showReadiness",
			summary: "Check whether the process accepts new requests",
			description:
				"Answers 200 until the process receives SIGTERM. The process then answers 503, and stops listening `DRAIN_MS` later. Redis and Postgres " +
				"are not checked: all processes share them, so taking one process out of the load balancer would not help.",
			tags: ["health"],
			response: {
				200: Type.Object({ status: oneOf(["ok"]) }, { ...CLOSED, description: "The process accepts new requests" }),
				503: Type.Object(
					{ status: oneOf(["draining"]) },
					{
						...CLOSED,
						description: "The process is about to stop. The body is `application/json`, not a problem",
						headers: { "Retry-After": RETRY_AFTER },
					},
				),
			},
		},
		config: { isAlwaysAnswered: true },
		handler: async (_request, reply) => {
			reply.header("cache-control", "no-store");
			if (drain.isDraining())
				return reply
					.code(503)
					.header("retry-after", RETRY_AFTER_SECONDS)
					.send({ status: "draining" as const });
			return reply.send({ status: "ok" as const });
		},
	});
}
