/** `GET /livez`: 200 while the event loop of the process runs. The stores are not checked: a restart would not repair them. */
import { Type } from "typebox";
import type { ApiServer } from "../api-server.ts";
import { CLOSED, oneOf } from "../contract/share.ts";

/** Registers `GET /livez`. */
export function addShowLiveness(app: ApiServer): void {
	app.route({
		method: "GET",
		url: "/livez",
		schema: {
			operationId: "showLiveness",
			summary: "Check whether the process is alive",
			description:
				"Answers 200 while the event loop of the process runs. Redis and Postgres are not checked, because a restart of this process would not " +
				"repair them. Meant for supervisors that restart a process that hangs.",
			tags: ["health"],
			response: { 200: Type.Object({ status: oneOf(["ok"]) }, { ...CLOSED, description: "The process is alive" }) },
		},
		config: { isAlwaysAnswered: true },
		handler: async () => ({ status: "ok" as const }),
	});
}
