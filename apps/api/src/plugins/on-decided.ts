/**
 * When a request has come out, whether or not somebody still waits for the answer. The framework's `onResponse` does not tell of a
 * client that hung up before; what was decided for it all the same is what support is asked about.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** `isHeard`: the client was there to be answered. Called once for each request; not for streams, which are never sent. */
export function onDecided(app: FastifyInstance, listener: (request: FastifyRequest, reply: FastifyReply, isHeard: boolean) => void): void {
	const unheard = new WeakSet<FastifyReply>();
	app.addHook("onSend", (request, reply, payload, next) => {
		if (reply.raw.destroyed && !unheard.has(reply)) {
			unheard.add(reply);
			listener(request, reply, false);
		}
		next(null, payload);
	});
	app.addHook("onResponse", (request, reply, next) => {
		if (!unheard.has(reply)) listener(request, reply, true);
		next();
	});
}
