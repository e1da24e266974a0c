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
			summary: "Whether the process runs",
			description: "The event loop turns. Says nothing about the stores: a restart would not mend those. For whoever restarts what hangs.",
			tags: ["health"],
			response: { 200: Type.Object({ status: oneOf(["ok"]) }, { ...CLOSED, description: "It runs" }) },
		},
		config: { isAlwaysAnswered: true },
		handler: async () => ({ status: "ok" as const }),
	});
}
