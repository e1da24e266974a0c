/** Metrics for Prometheus: what a process counts, and a port on which it can be asked. Knows no word of the domain. */
import { createServer, type RequestListener } from "node:http";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { ANSWER_TIMEOUT_SPEC, createConnectionGuard } from "./guard-connections.ts";

/** One line of a histogram that is counted elsewhere. `counts[i]`: what was at most `bounds[i]`; the last: what was above all of them. */
export type HistogramSeries = {
	readonly labels: Readonly<Record<string, string>>;
	readonly counts: ArrayLike<number>;
	readonly sum: number;
};

/** One line of a counter that is counted elsewhere. */
export type CounterSeries = { readonly labels: Readonly<Record<string, string>>; readonly count: number };

export type MetricsText = { readonly contentType: string; readonly text: string };

export type Metrics = {
	counter(name: string, help: string): Counter;
	/** `collect`, when given, is called at each look and sets the value. */
	gauge(name: string, help: string, collect?: (gauge: Gauge) => void | Promise<void>): Gauge;
	/**
	 * A counter and a histogram that somebody else counts in plain numbers, and that are read at each look: on a hot road
	 * `inc` with labels and `observe` cost 2 to 4 microseconds each, an array element nothing.
	 */
	observableCounter(name: string, help: string, labels: readonly string[], read: () => readonly CounterSeries[]): void;
	observableHistogram(name: string, help: string, bounds: readonly number[], read: () => readonly HistogramSeries[]): void;
	/** The text that Prometheus reads, and its content type. */
	render(): Promise<MetricsText>;
};

/** A registry of its own; `processMetrics: false` leaves out what Node says of the process. */
export function createMetrics({ processMetrics = true }: { processMetrics?: boolean } = {}): Metrics {
	const registry = new Registry();
	if (processMetrics) collectDefaultMetrics({ register: registry });
	const registers = [registry];
	return {
		counter: (name, help) => new Counter({ name, help, registers }),
		gauge: (name, help, collect) => {
			const gauge: Gauge = new Gauge({ name, help, registers, ...(collect && { collect: () => collect(gauge) }) });
			return gauge;
		},
		observableCounter(name, help, labels, read) {
			const counter = new Counter({
				name,
				help,
				labelNames: [...labels],
				registers,
				collect() {
					counter.reset();
					for (const series of read()) counter.inc(series.labels, series.count);
				},
			});
		},
		observableHistogram(name, help, bounds, read) {
			const histogram = new Histogram({ name, help, buckets: [...bounds], registers });
			// What the registry, and the histogram's own `get`, read it by.
			const getForPromString = async () => {
				const values = read().flatMap((series) => linesOf(name, bounds, series));
				return { name, help, type: "histogram", aggregator: "sum", values };
			};
			Object.assign(histogram, { getForPromString });
		},
		render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
	};
}

/** The lines of a histogram as Prometheus wants them: each bucket holds what those before it hold. */
function linesOf(name: string, bounds: readonly number[], { labels, counts, sum }: HistogramSeries) {
	let count = 0;
	const buckets = [...bounds, "+Inf"].map((le, place) => {
		count += counts[place] ?? 0;
		return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
	});
	return [...buckets, { metricName: `${name}_sum`, labels, value: sum }, { metricName: `${name}_count`, labels, value: count }];
}

/** Answer `GET /metrics` on a port of its own, for a process that serves nothing else. Resolves when it listens. */
export async function serveMetrics(
	{ render }: Pick<Metrics, "render">,
	{ host, port }: { host: string; port: number },
): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
	const guard = createConnectionGuard({ answerTimeoutMs: ANSWER_TIMEOUT_SPEC.default });
	const listener: RequestListener = (request, response) => {
		if (request.method !== "GET" || request.url !== "/metrics") {
			response.writeHead(404).end();
			return;
		}
		render().then(
			({ contentType, text }) => response.writeHead(200, { "content-type": contentType }).end(text),
			() => response.writeHead(500).end(),
		);
	};
	const server = createServer(guard.wrap(listener));
	guard.watch(server);
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen({ host, port }, resolve);
	});
	const address = server.address();
	return {
		port: typeof address === "object" && address !== null ? address.port : port,
		close: () => new Promise((resolve) => server.close(() => resolve())),
	};
}
