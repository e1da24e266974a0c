/**
 * `GET /metrics` for Prometheus: the metrics of all workers of this server, and the depth of the outbox. Not part of the public API:
 * block the path at the proxy. docs/operations.md lists the metrics.
 */
import { createMetrics, joinWorkerMetrics, mergeWorkerTexts, withDeadline } from "@holdfast/runtime";
import type { SeatStore } from "@holdfast/seat-store";
import type { FastifyRequest } from "fastify";
import fp from "fastify-plugin";
import type { ApiMetrics } from "./api-metrics.ts";
import { createRequestCounts, DURATION_BOUNDS_SECONDS } from "./count-requests.ts";

/** The longest time a scrape waits for Redis. A value that Redis did not report in time is NaN. */
const OUTBOX_DEADLINE_MS = 500;

declare module "fastify" {
	interface FastifyContextConfig {
		/** The answer of this route is a stream that stays open until the client disconnects. */
		staysOpen?: boolean;
	}
}

type OutboxReader = Pick<SeatStore, "outboxDepths" | "settleLagMs">;

/** Fastify plugin: counts every request and serves the endpoint. */
export const metricsEndpoint = fp<{ metrics: ApiMetrics; seatStore: OutboxReader }>(
	(app, { metrics, seatStore }, done) => {
		const counts = createRequestCounts();
		app.addHook("onRequest", (request, reply, next) => {
			// A stream is counted when its connection closes.
			if (staysOpen(request)) reply.raw.once("close", () => counts.add(request, reply));
			next();
		});
		app.onRequestCompleted((request, reply) => {
			if (!staysOpen(request)) counts.add(request, reply);
		});
		const { observableCounter, observableHistogram, gauge, render } = metrics;
		observableCounter(
			"holdfast_http_requests_total",
			"Requests answered, by method, route and status",
			["method", "route", "status"],
			counts.requests,
		);
		observableCounter(
			"holdfast_outcomes_total",
			"Outcomes and problem codes of requests, by operation",
			["operation", "outcome"],
			counts.outcomes,
		);
		observableHistogram(
			"holdfast_http_request_duration_seconds",
			"Time from the headers of a request to the end of its answer",
			DURATION_BOUNDS_SECONDS,
			counts.durations,
		);
		gauge("holdfast_requests_in_flight", "Requests that are being processed", (own) => own.set(app.requestsInFlight()));
		const collect = joinWorkerMetrics(async () => (await render()).text);
		const shared = createSharedMetrics(seatStore);

		app.get("/metrics", { schema: { hide: true }, config: { isAlwaysAnswered: true } }, async (_request, reply) => {
			const workers = await collect();
			shared.workersHeard.set(workers.length);
			const { contentType, text } = await shared.render();
			reply.header("cache-control", "no-store").type(contentType);
			return reply.send(`${mergeWorkerTexts(workers)}\n${text}`);
		});
		done();
	},
	{ name: "metrics-endpoint", dependencies: ["pressure", "log-outcomes", "request-outcome"] },
);

/** Resolves to the value, or to null if Redis fails or misses the deadline. */
const valueOrNull = <Value>(read: Promise<Value>): Promise<Value | null> =>
	withDeadline(read, OUTBOX_DEADLINE_MS, () => null).catch(() => null);

const staysOpen = ({ routeOptions }: FastifyRequest): boolean => routeOptions.config?.staysOpen === true;

/** Metrics that are the same in every process, because all processes read the same outbox. */
function createSharedMetrics(seatStore: OutboxReader) {
	const metrics = createMetrics({ processMetrics: false });
	metrics.gauge(
		"holdfast_outbox_entries",
		"Outbox entries that wait to be settled, all buckets; NaN if Redis does not answer",
		async (own) => {
			const depths = await valueOrNull(seatStore.outboxDepths());
			own.set(depths?.reduce((sum, depth) => sum + depth, 0) ?? Number.NaN);
		},
	);
	metrics.gauge("holdfast_settle_lag_seconds", "Age of the oldest outbox entry, all buckets; NaN if Redis does not answer", async (own) => {
		own.set(((await valueOrNull(seatStore.settleLagMs())) ?? Number.NaN) / 1_000);
	});
	return { ...metrics, workersHeard: metrics.gauge("holdfast_workers_heard", "Processes whose metrics are included in this answer") };
}
