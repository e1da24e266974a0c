/**
 * Sets two headers on every response: `x-request-id` (the client's own if it is well formed) and `x-server-time`, so that clients can
 * base countdowns on the server's clock.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import fp from "fastify-plugin";

const WELL_FORMED_REQUEST_ID = /^[A-Za-z0-9_-]{8,64}$/;

/** Returns the id of a request: its `x-request-id` header if that is safe to write to logs and headers, else a new UUID. */
export function requestIdOf(request: Pick<IncomingMessage, "headers">): string {
	const inbound = request.headers["x-request-id"];
	return typeof inbound === "string" && WELL_FORMED_REQUEST_ID.test(inbound) ? inbound : randomUUID();
}

/** Returns the headers that every response has. For responses that bypass the `onSend` hook. */
export function responseHeadersFor(requestId: string): { "x-request-id": string; "x-server-time": string } {
	return { "x-request-id": requestId, "x-server-time": new Date().toISOString() };
}

/** Fastify plugin: sets the headers on every response that passes the `onSend` hook. */
export const responseHeaders = fp(
	(app, _options, done) => {
		app.addHook("onSend", (request, reply, payload, next) => {
			reply.headers(responseHeadersFor(request.id));
			next(null, payload);
		});
		done();
	},
	{ name: "response-headers" },
);
