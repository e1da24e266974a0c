import { describe, expect, it, vi } from "vitest";
import { createMetrics, type MetricsText, serveMetrics } from "./prometheus-metrics.ts";
import { openRawClient } from "./testing/raw-client.ts";

describe("metrics", () => {
	it("serveMetrics serves the Prometheus text at /metrics, and 404 at any other path", async () => {
		const metrics = createMetrics();
		metrics.counter("seen_total", "Things seen").inc(3);
		metrics.gauge("waiting", "Things waiting").set(7);
		const served = await serveMetrics(metrics, { host: "127.0.0.1", port: 0 });
		try {
			const answer = await fetch(`http://127.0.0.1:${served.port}/metrics`);
			const text = await answer.text();
			expect(answer.headers.get("content-type")).toContain("text/plain");
			expect(text).toContain("# HELP seen_total Things seen\n# TYPE seen_total counter\nseen_total 3\n");
			expect(text).toContain("waiting 7\n");
			expect(text).toContain("process_resident_memory_bytes");
			expect((await fetch(`http://127.0.0.1:${served.port}/`)).status).toBe(404);
		} finally {
			await served.close();
		}
	});

	it("serveMetrics renders at most sixteen pages at a time for a client that pipelines requests", async () => {
		const waiting: ((page: MetricsText) => void)[] = [];
		const render = () => new Promise<MetricsText>((resolve) => waiting.push(resolve));
		const served = await serveMetrics({ render }, { host: "127.0.0.1", port: 0 });
		const client = openRawClient(served.port);
		try {
			client.write("GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n".repeat(100));
			await vi.waitFor(() => expect(waiting.length).toBeGreaterThan(0));
			// All hundred arrive in one chunk.
			expect(waiting).toHaveLength(16);
			await vi.waitFor(() => {
				for (const resolve of waiting) resolve({ contentType: "text/plain", text: "page" });
				expect(client.received().match(/page/g)).toHaveLength(100);
			});
		} finally {
			client.destroy();
			await served.close();
		}
	});

	it("observable counters and histograms read their values at each render", async () => {
		const metrics = createMetrics({ processMetrics: false });
		let count = 1;
		metrics.observableCounter("asked_total", "Questions", ["by"], () => [{ labels: { by: "ada" }, count }]);
		metrics.observableHistogram("took_seconds", "Time", [0.1, 1], () => [{ labels: { by: "ada" }, counts: [2, 0, count], sum: 7.5 }]);
		await metrics.render();
		count = 3;
		expect((await metrics.render()).text).toBe(
			[
				'# HELP asked_total Questions\n# TYPE asked_total counter\nasked_total{by="ada"} 3\n',
				"# HELP took_seconds Time\n# TYPE took_seconds histogram",
				'took_seconds_bucket{le="0.1",by="ada"} 2',
				'took_seconds_bucket{le="1",by="ada"} 2',
				'took_seconds_bucket{le="+Inf",by="ada"} 5',
				'took_seconds_sum{by="ada"} 7.5',
				'took_seconds_count{by="ada"} 5\n',
			].join("\n"),
		);
	});

	it("two registries of one process do not share metrics", async () => {
		createMetrics().counter("seen_total", "Things seen").inc();
		expect((await createMetrics().render()).text).not.toContain("seen_total");
	});
});
