/**
 * What was asked of each route and how it came out, in plain numbers: a request costs two look-ups in a map, and the
 * words for Prometheus are made when it asks.
 */
import type { CounterSeries, HistogramSeries } from "@holdfast/runtime";
import type { FastifyReply, FastifyRequest } from "fastify";
import { CLIENT_ABORTED } from "./send-problems.ts";

/** Upper bounds of the histogram, in seconds: from a hold in an idle hall to a wait for the ledger. */
export const DURATION_BOUNDS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
/** What no route was found for. */
const UNMATCHED = "unmatched";
const MS_PER_SECOND = 1_000;

export type RequestCounts = {
	/** One request that is over. A client that left before its request was complete counts as an outcome only. */
	add(request: FastifyRequest, reply: FastifyReply): void;
	/** Answers by method, route and status. */
	requests(): CounterSeries[];
	/** Decisions by operation and by the outcome's or the problem's word. */
	outcomes(): CounterSeries[];
	/** How long answers took, in seconds, by method and route; those of streams are left out. */
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

export function createRequestCounts(): RequestCounts {
	/** By the route's own config object, which nothing else has; by method where there is no route. */
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
			// How long somebody watches is no word on how soon they were answered.
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
