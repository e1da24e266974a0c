/** `GET /readyz`: reports whether this process takes new requests. The stores are not checked: all processes share them. */
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
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
			summary: "Whether this process takes new requests",
			description:
				"200 while the process listens and was not told to end, whatever its stores do: a process that is taken out for them leaves people with the error of the load balancer. After SIGTERM it answers 503 first, and the process stops listening `DRAIN_MS` later.",
			tags: ["health"],
			response: {
				200: Type.Object({ status: oneOf(["ok"]) }, { ...CLOSED, description: "It takes requests" }),
				503: Type.Object({ status: oneOf(["draining"]) }, { ...CLOSED, description: "It is about to end" }),
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
