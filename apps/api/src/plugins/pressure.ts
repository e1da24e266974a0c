/**
 * Too much at once is told early: past `inFlightMax` requests in flight a request is answered 503 `overloaded` before
 * anything of it is looked at, so that those in flight still get their answers. Requests are what is counted, not
 * connections and not the event loop's lag: twenty thousand people who ask at the same moment are what this is built for.
 */
import type { FastifyRequest } from "fastify";
import fp from "fastify-plugin";

declare module "fastify" {
	interface FastifyInstance {
		/** Requests that came in and have no answer yet. */
		requestsInFlight(): number;
	}
	interface FastifyContextConfig {
		/** Whoever is asked this is answered under any pressure, and adds nothing to it: health, metrics, streams that stay open. */
		isAlwaysAnswered?: boolean;
	}
}

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
			// Also when the client hangs up before its answer.
			reply.raw.once("close", end);
			next();
		});
		done();
	},
	{ name: "pressure", dependencies: ["send-problems"] },
);

const isAlwaysAnswered = ({ routeOptions }: FastifyRequest): boolean => routeOptions.config?.isAlwaysAnswered === true;
