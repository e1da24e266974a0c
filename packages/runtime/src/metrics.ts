/** Metrics for Prometheus: what a process counts, and a port on which it can be asked. Knows no word of the domain. */
import { createServer } from "node:http";
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";

export type Metrics = {
	counter(name: string, help: string): Counter;
	gauge(name: string, help: string): Gauge;
	/** The text that Prometheus reads, and its content type. */
	render(): Promise<{ readonly contentType: string; readonly text: string }>;
};

/** A registry of its own, with what Node says of the process already in it. */
export function createMetrics(): Metrics {
	const registry = new Registry();
	collectDefaultMetrics({ register: registry });
	const registers = [registry];
	return {
		counter: (name, help) => new Counter({ name, help, registers }),
		gauge: (name, help) => new Gauge({ name, help, registers }),
		render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
	};
}

/** Answer `GET /metrics` on a port of its own, for a process that serves nothing else. Resolves when it listens. */
export async function serveMetrics(
	{ render }: Pick<Metrics, "render">,
	{ host, port }: { host: string; port: number },
): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
	const server = createServer((request, response) => {
		if (request.method !== "GET" || request.url !== "/metrics") {
			response.writeHead(404).end();
			return;
		}
		render().then(
			({ contentType, text }) => response.writeHead(200, { "content-type": contentType }).end(text),
			() => response.writeHead(500).end(),
		);
	});
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
