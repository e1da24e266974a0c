/**
 * Counts requests, outcomes and durations by route, as plain numbers: a request costs two look-ups in a map. The text for Prometheus
 * is produced only when Prometheus scrapes.
 */
import type { CounterSeries, HistogramSeries } from "@holdfast/runtime";
import type { FastifyReply, FastifyRequest } from "fastify";
import { CLIENT_ABORTED } from "./send-problems.ts";

/** Upper bounds of the histogram, in seconds: from a hold on an idle server (about 1 ms) to `Prefer: wait` (up to 10 s). */
export const DURATION_BOUNDS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
/** Value of the label `route` for requests that match no route. */
const UNMATCHED = "unmatched";
const MS_PER_SECOND = 1_000;

/** Counters of requests, and their current values. */
export type RequestCounts = {
	/** Counts a completed request. If the client disconnected before its request was complete, only the outcome is counted. */
	add(request: FastifyRequest, reply: FastifyReply): void;
	/** Returns the number of answers by method, route and status. */
	requests(): CounterSeries[];
	/** Returns the number of outcomes and problems by operation. */
	outcomes(): CounterSeries[];
	/** Returns the durations of answers, in seconds, by method and route. Streams are left out. */
	durations(): HistogramSeries[];
};

type RouteCounts = {
	readonly labels: { readonly method: string; readonly route: string };
	readonly operation: string | null;
	readonly byStatus: Map<number, number>;
	readonly byOutcome: Map<string, number>;
	readonly counts: Float64Array;
	sum: number;
};

/** Returns counters that are all zero. */
export function createRequestCounts(): RequestCounts {
	/** Keyed by the config object of the route, which is unique to it, or by the method if no route matched. */
	const routes = new Map<unknown, RouteCounts>();

	function countsOf(request: FastifyRequest): RouteCounts {
		const { config, url, schema } = request.routeOptions;
		const key = url === undefined ? request.method : config;
		const known = routes.get(key);
		if (known !== undefined) return known;
		const fresh: RouteCounts = {
			labels: { method: request.method, route: url ?? UNMATCHED },
			operation: schema?.operationId ?? null,
			byStatus: new Map(),
			byOutcome: new Map(),
			counts: new Float64Array(DURATION_BOUNDS_SECONDS.length + 1),
			sum: 0,
		};
		routes.set(key, fresh);
		return fresh;
	}

	return {
		add(request, reply) {
			const route = countsOf(request);
			if (reply.outcome !== null) increment(route.byOutcome, reply.outcome);
			if (reply.outcome === CLIENT_ABORTED) return;
			increment(route.byStatus, reply.statusCode);
			// The duration of a stream says how long its client stayed connected, not how fast the server answered.
			if (request.routeOptions.config.staysOpen === true && reply.statusCode === 200) return;
			const seconds = reply.elapsedTime / MS_PER_SECOND;
			const found = DURATION_BOUNDS_SECONDS.findIndex((bound) => seconds <= bound);
			const place = found === -1 ? DURATION_BOUNDS_SECONDS.length : found;
			route.counts[place] = (route.counts[place] ?? 0) + 1;
			route.sum += seconds;
		},
		requests: () =>
			[...routes.values()].flatMap(({ labels, byStatus }) =>
				[...byStatus].map(([status, count]) => ({ labels: { ...labels, status: String(status) }, count })),
			),
		outcomes: () =>
			[...routes.values()].flatMap(({ operation, byOutcome }) =>
				operation === null ? [] : [...byOutcome].map(([outcome, count]) => ({ labels: { operation, outcome }, count })),
			),
		durations: () => [...routes.values()].map(({ labels, counts, sum }) => ({ labels, counts, sum })),
	};
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
	counts.set(key, (counts.get(key) ?? 0) + 1);
}
