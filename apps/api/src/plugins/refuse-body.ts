/**
 * For requests that say all they have to say by their address. A body that says something more is refused, as any
 * unknown field is; `{}` says nothing, and some clients cannot help sending it.
 */
import type { preHandlerAsyncHookHandler } from "fastify";
import { pointerTo } from "./find-flaws.ts";

/** `preHandler` hook. */
export const refuseBody: preHandlerAsyncHookHandler = async (request, reply) => {
	const { body } = request;
	if (body === undefined || body === null) return undefined;
	if (typeof body !== "object" || Array.isArray(body))
		return reply.problem("invalid_request", { errors: [{ pointer: "", message: "must be empty" }] });
	const names = Object.keys(body);
	if (names.length === 0) return undefined;
	return reply.problem("invalid_request", {
		errors: names.map((name) => ({ pointer: pointerTo(name), message: "is not a field of this request" })),
	});
};
