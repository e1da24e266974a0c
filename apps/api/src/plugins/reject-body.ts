/**
 * Rejects bodies on routes that take none, in the same way as unknown fields are rejected elsewhere. `{}` is accepted, because some
 * clients always send it.
 */
import type { preHandlerAsyncHookHandler } from "fastify";
import { pointerStep } from "./to-validation-errors.ts";

/** `preHandler` hook: answers 400 unless the body is absent, `null` or `{}`. */
export const rejectBody: preHandlerAsyncHookHandler = async (request, reply) => {
	const { body } = request;
	if (body === undefined || body === null) return undefined;
	if (typeof body !== "object" || Array.isArray(body))
		return reply.problem("invalid_request", { errors: [{ pointer: "", message: "must be empty" }] });
	const names = Object.keys(body);
	if (names.length === 0) return undefined;
	return reply.problem("invalid_request", {
		errors: names.map((name) => ({ pointer: pointerStep(name), message: "is not a field of this request" })),
	});
};
