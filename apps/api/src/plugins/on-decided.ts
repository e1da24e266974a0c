/**
 * When a request has come out, whether or not somebody still waits for the answer. The framework's `onResponse` does not tell of a
 * client that hung up before; what was decided for it all the same is what support is asked about.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** `isHeard`: the client was there to be answered. Called once for each request; not for streams, which are never sent. */
export function onDecided(app: FastifyInstance, listener: (request: FastifyRequest, reply: FastifyReply, isHeard: boolean) => void): void {
	const told = new WeakSet<FastifyReply>();
	function tell(request: FastifyRequest, reply: FastifyReply, isHeard: boolean): void {
		if (told.has(reply)) return;
		told.add(reply);
		listener(request, reply, isHeard);
	}
	app.addHook("onSend", (request, reply, payload, next) => {
		// Before its answer, or in the middle of it.
		if (reply.raw.destroyed) tell(request, reply, false);
		else reply.raw.once("close", () => tell(request, reply, reply.raw.writableFinished));
		next(null, payload);
	});
	app.addHook("onResponse", (request, reply, next) => {
		tell(request, reply, true);
		next();
	});
}
