/**
 * Logs one line for each request that has an outcome: route, outcome, status, request id, duration, and `hungUp` if the client had
 * disconnected before its answer. Successful reads are not logged. Bodies, tokens and e-mail addresses are never logged.
 */
import fp from "fastify-plugin";

declare module "fastify" {
	interface FastifyReply {
		/** The outcome of the request or the code of its problem, for the log and the metrics. Null for a successful read. */
		outcome: string | null;
		/** The error that caused a 5xx, for the log only. */
		fault: unknown;
	}
}

/** Fastify plugin: routes set `reply.outcome`; `send-problems` sets it for problems. */
export const logOutcomes = fp(
	(app, _options, done) => {
		app.decorateReply("outcome", null);
		app.decorateReply("fault", null);
		app.onRequestCompleted((request, reply, clientConnected) => {
			if (reply.outcome === null) return;
			const fields = {
				route: `${request.method} ${request.routeOptions.url ?? "unknown"}`,
				outcome: reply.outcome,
				status: reply.statusCode,
				requestId: request.id,
				ms: Math.round(reply.elapsedTime * 10) / 10,
				...(!clientConnected && { hungUp: true }),
			};
			if (reply.fault !== null) app.log.error({ ...fields, fault: describeFault(reply.fault) }, "request failed");
			else app.log.info(fields, "request completed");
		});
		done();
	},
	{ name: "log-outcomes", dependencies: ["request-outcome"] },
);

/** Returns the innermost cause for the log, without the parameters of a query: they may contain personal data. */
function describeFault(fault: unknown): Record<string, unknown> {
	let cause = fault;
	for (let depth = 0; depth < 5 && cause instanceof Error && cause.cause instanceof Error; depth++) cause = cause.cause;
	if (!(cause instanceof Error)) return { message: String(cause) };
	const [message] = cause.message.split("\nparams:");
	return { type: cause.name, message, code: "code" in cause ? cause.code : undefined, stack: cause.stack?.split("\n    at ").slice(1) };
}
