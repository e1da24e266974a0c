/**
 * Runs the HTTP server under the connection guard of `@holdfast/runtime`, which drops connections whose clients do not read their
 * answers. Reports the number of dropped connections as a metric.
 */
import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { type ConnectionGuard, DROP_REASONS } from "@holdfast/runtime";
import type { FastifyReply } from "fastify";
import fp from "fastify-plugin";
import type { ApiMetrics } from "./api-metrics.ts";

declare module "fastify" {
	interface FastifyReply {
		/** Makes this answer the last one on its connection: requests that were pipelined behind it are not processed. For streams. */
		endConnection(): void;
	}
}

/** Fastify plugin: decorates replies with `endConnection` and adds the metric. */
export const guardServer = fp<{ guard: ConnectionGuard; metrics: Pick<ApiMetrics, "observableCounter"> }>(
	(app, { guard, metrics }, done) => {
		app.decorateReply("endConnection", function (this: FastifyReply) {
			guard.closeAfter(this.raw);
		});
		metrics.observableCounter(
			"holdfast_dropped_connections_total",
			"Connections dropped because their client did not read its answers, by reason",
			["reason"],
			() => {
				const counts = guard.dropped();
				return DROP_REASONS.map((reason) => ({ labels: { reason }, count: counts[reason] }));
			},
		);
		done();
	},
	{ name: "guard-server" },
);

/** Returns the server that Fastify would create, with the listener wrapped by the guard. For Fastify's `serverFactory`. */
export function createGuardedServer(
	guard: ConnectionGuard,
	listener: RequestListener,
	options: { readonly http?: ServerOptions; readonly keepAliveTimeout?: number; readonly requestTimeout?: number },
): Server {
	const { http = {}, keepAliveTimeout, requestTimeout } = options;
	const server = createServer({ ...http }, guard.wrap(listener));
	if (keepAliveTimeout !== undefined) server.keepAliveTimeout = keepAliveTimeout;
	if (requestTimeout !== undefined) server.requestTimeout = requestTimeout;
	guard.watch(server);
	return server;
}
