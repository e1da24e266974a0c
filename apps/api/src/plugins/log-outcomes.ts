/**
 * Logs one structured line per request with an outcome: route, outcome, status, request id, duration, and whether the client had
 * disconnected by then. Successful reads are not logged. Bodies, tokens and e-mail addresses never are.
 */
import fp from "fastify-plugin";

declare module "fastify" {
	interface FastifyReply {
		/** How the request came out: the outcome's or the problem's word. Set by routes and by the problems plugin. */
		outcome: string | null;
		/** The fault behind a 5xx, for the log alone. */
		fault: unknown;
	}
}

export const logOutcomes = fp(
	(app, _options, done) => {
		app.decorateReply("outcome", null);
		app.decorateReply("fault", null);
		app.onRequestSettled((request, reply, clientConnected) => {
			if (reply.outcome === null) return;
			const line = {
				route: `${request.method} ${request.routeOptions.url ?? "unknown"}`,
				outcome: reply.outcome,
				status: reply.statusCode,
				requestId: request.id,
				ms: Math.round(reply.elapsedTime * 10) / 10,
				...(!clientConnected && { hungUp: true }),
			};
			if (reply.fault !== null) app.log.error({ ...line, fault: describeFault(reply.fault) }, "fault");
			else app.log.info(line, "decided");
		});
		done();
	},
	{ name: "log-outcomes", dependencies: ["request-outcome"] },
);

/** The innermost cause, without the values a query was sent with: those may be personal. */
function describeFault(fault: unknown): Record<string, unknown> {
	let cause = fault;
	for (let depth = 0; depth < 5 && cause instanceof Error && cause.cause instanceof Error; depth++) cause = cause.cause;
	if (!(cause instanceof Error)) return { message: String(cause) };
	const [message] = cause.message.split("\nparams:");
	return { type: cause.name, message, code: "code" in cause ? cause.code : undefined, stack: cause.stack?.split("\n    at ").slice(1) };
}
