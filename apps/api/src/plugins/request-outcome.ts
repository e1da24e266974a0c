/**
 * Calls listeners once per request when it completes, even if the client disconnected first. Fastify does not call `onResponse` if the
 * client disconnected before its answer, but the log and the metrics must still get the outcome of that request.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import fp from "fastify-plugin";
import { wasSentClientError } from "./send-problems.ts";

/** Called with a completed request. `clientConnected`: the client was still connected when the answer was sent. */
export type RequestCompletedListener = (request: FastifyRequest, reply: FastifyReply, clientConnected: boolean) => void;

declare module "fastify" {
	interface FastifyInstance {
		/**
		 * Adds a listener, which runs once per request. It does not run for streams, which bypass `onSend`. Call it before the server
		 * listens.
		 */
		onRequestCompleted(listener: RequestCompletedListener): void;
	}
}

/** Fastify plugin: decorates the server with `onRequestCompleted`. */
export const requestOutcome = fp(
	(app, _options, done) => {
		const listeners: RequestCompletedListener[] = [];
		const notified = new WeakSet<FastifyReply>();
		function notify(request: FastifyRequest, reply: FastifyReply, clientConnected: boolean): void {
			if (notified.has(reply)) return;
			notified.add(reply);
			for (const listener of listeners) listener(request, reply, clientConnected);
		}
		app.decorate("onRequestCompleted", (listener) => void listeners.push(listener));
		app.addHook("onSend", (request, reply, payload, next) => {
			// The client disconnected before its answer; below, it may disconnect in the middle of it.
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
