/**
 * `GET /metrics` for Prometheus: the counters of every worker, and the outbox depth. Not part of the contract with clients: block it
 * at the proxy. Names follow docs/glossary.md; docs/operations.md lists them.
 */
import { createMetrics, joinWorkerMetrics, mergeWorkerTexts, withDeadline } from "@holdfast/runtime";
import type { SeatStore } from "@holdfast/seat-store";
import type { FastifyRequest } from "fastify";
import fp from "fastify-plugin";
import type { ApiMetrics } from "./api-metrics.ts";
import { createRequestCounts, DURATION_BOUNDS_SECONDS } from "./count-requests.ts";

/** A scrape does not wait longer for Redis; a depth that nobody knows is NaN. */
const OUTBOX_DEADLINE_MS = 500;

declare module "fastify" {
	interface FastifyContextConfig {
		/** Its answer lasts as long as the client stays. */
		staysOpen?: boolean;
	}
}

type OutboxLook = Pick<SeatStore, "outboxDepths" | "settleLagMs">;

export const metricsEndpoint = fp<{ metrics: ApiMetrics; seatStore: OutboxLook }>(
	(app, { metrics, seatStore }, done) => {
		const counts = createRequestCounts();
		app.addHook("onRequest", (request, reply, next) => {
			// It is over when its client leaves.
			if (staysOpen(request)) reply.raw.once("close", () => counts.add(request, reply));
			next();
		});
		app.onRequestSettled((request, reply) => {
			if (!staysOpen(request)) counts.add(request, reply);
		});
		const { countedElsewhere, histogramElsewhere, gauge, render } = metrics;
		countedElsewhere("holdfast_http_requests_total", "Requests answered", ["method", "route", "status"], counts.requests);
		countedElsewhere("holdfast_outcomes_total", "Decisions, by the word they came out with", ["operation", "outcome"], counts.outcomes);
		histogramElsewhere(
			"holdfast_http_request_duration_seconds",
			"From a request's headers to the end of its answer",
			DURATION_BOUNDS_SECONDS,
			counts.durations,
		);
		gauge("holdfast_requests_in_flight", "Requests that have no answer yet", (own) => own.set(app.requestsInFlight()));
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

/** What Redis says in time. */
const orNull = <Value>(asked: Promise<Value>): Promise<Value | null> =>
	withDeadline(asked, OUTBOX_DEADLINE_MS, () => null).catch(() => null);

const staysOpen = ({ routeOptions }: FastifyRequest): boolean => routeOptions.config?.staysOpen === true;

/** What is nobody's own: all processes see the same outbox. */
function createSharedMetrics(seatStore: OutboxLook) {
	const metrics = createMetrics({ ofProcess: false });
	metrics.gauge("holdfast_outbox_entries", "Outbox entries waiting, all buckets; NaN while Redis does not say", async (own) => {
		const depths = await orNull(seatStore.outboxDepths());
		own.set(depths?.reduce((sum, depth) => sum + depth, 0) ?? Number.NaN);
	});
	metrics.gauge("holdfast_settle_lag_seconds", "Age of the oldest outbox entry, all buckets; NaN while Redis does not say", async (own) => {
		own.set(((await orNull(seatStore.settleLagMs())) ?? Number.NaN) / 1_000);
	});
	return { ...metrics, workersHeard: metrics.gauge("holdfast_workers_heard", "Processes that this answer counts") };
}
