/**
 * Load shedding: above `inFlightMax` requests in flight, a new request is answered 503 `overloaded` before it is processed at all, so
 * that the requests in flight still get their answers. The limit is on requests, not on connections or on event loop lag, because
 * twenty thousand clients that connect at the same moment are the normal case at the start of sales.
 */
import type { FastifyRequest } from "fastify";
import fp from "fastify-plugin";

declare module "fastify" {
	interface FastifyInstance {
		/** Returns the number of requests that have no answer yet. Exempt routes are not counted. */
		requestsInFlight(): number;
	}
	interface FastifyContextConfig {
		/** Exempts the route from the limit, and does not count its requests: health, metrics, and streams that stay open. */
		isAlwaysAnswered?: boolean;
	}
}

/** Fastify plugin: decorates the server with `requestsInFlight` and sheds load above `inFlightMax`. */
export const pressure = fp<{ inFlightMax: number }>(
	(app, { inFlightMax }, done) => {
		let inFlight = 0;
		const end = (): void => {
			inFlight -= 1;
		};
		app.decorate("requestsInFlight", () => inFlight);
		app.addHook("onRequest", (request, reply, next) => {
			if (isAlwaysAnswered(request)) return next();
			if (inFlight >= inFlightMax) {
				reply.problem("overloaded");
				return;
			}
			inFlight += 1;
			// Emitted as well when the client disconnects before its answer.
			reply.raw.once("close", end);
			next();
		});
		done();
	},
	{ name: "pressure", dependencies: ["send-problems"] },
);

const isAlwaysAnswered = ({ routeOptions }: FastifyRequest): boolean => routeOptions.config?.isAlwaysAnswered === true;
