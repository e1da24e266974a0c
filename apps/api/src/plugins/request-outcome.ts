/**
 * Calls listeners once per request when it is settled, even if the client disconnected first. Fastify's `onResponse` hook is not
 * called for a client that hung up before its answer; the log and the metrics must still have what was decided for it.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import fp from "fastify-plugin";
import { wasSentClientError } from "./send-problems.ts";

/** `clientConnected`: the client was still connected when the answer was sent. */
export type RequestSettledListener = (request: FastifyRequest, reply: FastifyReply, clientConnected: boolean) => void;

declare module "fastify" {
	interface FastifyInstance {
		/** Adds a listener. It runs once per request, except for streams, whose answer never ends. Call it before the server listens. */
		onRequestSettled(listener: RequestSettledListener): void;
	}
}

export const requestOutcome = fp(
	(app, _options, done) => {
		const listeners: RequestSettledListener[] = [];
		const notified = new WeakSet<FastifyReply>();
		function notify(request: FastifyRequest, reply: FastifyReply, clientConnected: boolean): void {
			if (notified.has(reply)) return;
			notified.add(reply);
			for (const listener of listeners) listener(request, reply, clientConnected);
		}
		app.decorate("onRequestSettled", (listener) => void listeners.push(listener));
		app.addHook("onSend", (request, reply, payload, next) => {
			// Before its answer, or in the middle of it.
			if (reply.raw.destroyed) notify(request, reply, wasSentClientError(request.raw.socket));
			else reply.raw.once("close", () => notify(request, reply, reply.raw.writableFinished));
			next(null, payload);
		});
		app.addHook("onResponse", (request, reply, next) => {
			notify(request, reply, true);
			next();
		});
		done();
	},
	{ name: "request-outcome" },
);
