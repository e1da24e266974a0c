/** The API as several worker processes on one port: /metrics of any worker returns the metrics of all. */
import { join } from "node:path";
import { findFreePort } from "@holdfast/local-stack";
import { type SpawnedApp, spawnApp, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";

const WORKERS = 2;
const REQUESTS = 30;
const START_DEADLINE_MS = 60_000;

let port: number;
let server: SpawnedApp;
beforeAll(async () => {
	port = await findFreePort();
	const unreachable = "127.0.0.1:9";
	server = spawnApp(join(import.meta.dirname, "server.ts"), {
		PATH: process.env.PATH,
		PORT: String(port),
		WORKERS: String(WORKERS),
		LOG_LEVEL: "silent",
		// The metrics under test do not need the stores.
		REDIS_URL: `redis://${unreachable}`,
		DATABASE_URL: `postgres://${unreachable}/nothing`,
		JWT_SECRET: "a secret that only this test knows",
	});
	await waitUntil(
		"all workers to report",
		async () => sumOf(await ask("/metrics"), "holdfast_workers_heard") === WORKERS,
		START_DEADLINE_MS,
	);
});
afterAll(async () => {
	server.child.kill("SIGTERM");
	await server.ended;
});

/** Sends a request on a new connection, so that all workers get some of them. */
const ask = (path: string): Promise<string> =>
	fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } }).then(
		(answer) => answer.text(),
		() => "",
	);

/** The sum of all samples of this metric with these labels. */
function sumOf(text: string, name: string, labels = ""): number {
	const lines = text.split("\n").filter((line) => new RegExp(`^${name}[{ ]`).test(line) && line.includes(labels));
	return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

it("requests to all workers are counted once each, and process metrics are labelled by worker", async () => {
	await Promise.all(Array.from({ length: REQUESTS }, () => ask("/livez")));
	const text = await ask("/metrics");
	expect(sumOf(text, "holdfast_http_requests_total", 'route="/livez"')).toBe(REQUESTS);
	expect(sumOf(text, "holdfast_http_request_duration_seconds_count", 'route="/livez"')).toBe(REQUESTS);
	const workers = [...text.matchAll(/^process_resident_memory_bytes\{worker="(\d+)"\}/gm)].map(([, worker]) => worker);
	expect(workers).toEqual(["1", "2"]);
	expect(text.match(/^# TYPE process_resident_memory_bytes /gm)).toHaveLength(1);
	expect(text).toMatch(/^holdfast_outbox_entries Nan$/m);
});
