/**
 * When a request has come out, whether or not somebody still waits for the answer. The framework's `onResponse` does not tell of a
 * client that hung up before; what was decided for it all the same is what support is asked about.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import fp from "fastify-plugin";
import { wasToldClientError } from "./problems.ts";

/** `isHeard`: the client was there to be answered. */
export type DecisionListener = (request: FastifyRequest, reply: FastifyReply, isHeard: boolean) => void;

declare module "fastify" {
	interface FastifyInstance {
		/** Called once for each request; not for streams, which are never sent. Before the server listens. */
		onDecided(listener: DecisionListener): void;
	}
}

export const decisions = fp(
	(app, _options, done) => {
		const listeners: DecisionListener[] = [];
		const told = new WeakSet<FastifyReply>();
		function tell(request: FastifyRequest, reply: FastifyReply, isHeard: boolean): void {
			if (told.has(reply)) return;
			told.add(reply);
			for (const listener of listeners) listener(request, reply, isHeard);
		}
		app.decorate("onDecided", (listener) => void listeners.push(listener));
		app.addHook("onSend", (request, reply, payload, next) => {
			// Before its answer, or in the middle of it.
			if (reply.raw.destroyed) tell(request, reply, wasToldClientError(request.raw.socket));
			else reply.raw.once("close", () => tell(request, reply, reply.raw.writableFinished));
			next(null, payload);
		});
		app.addHook("onResponse", (request, reply, next) => {
			tell(request, reply, true);
			next();
		});
		done();
	},
	{ name: "decisions" },
);
