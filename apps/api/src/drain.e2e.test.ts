/** A process that receives SIGTERM: it stops being ready, serves requests for DRAIN_MS, and exits. Each of several workers does so. */
import { get } from "node:http";
import { join } from "node:path";
import { findFreePort } from "@holdfast/local-stack";
import { spawnApp, waitUntil } from "@holdfast/testing";
import { expect, it } from "vitest";

const SERVER = join(import.meta.dirname, "server.ts");
const START_DEADLINE_MS = 60_000;
const DRAIN_MS = 1_500;

type Answer = { readonly status: number; readonly connection: string };

/** Sends a request on a new connection, because a draining process closes the connections it answers on. Null: the connection failed. */
function ask(port: number, path: string): Promise<Answer | null> {
	return new Promise((resolve) => {
		get({ port, path, host: "127.0.0.1", agent: false, headers: { connection: "keep-alive" } }, (answer) => {
			answer.resume();
			resolve({ status: answer.statusCode ?? 0, connection: answer.headers.connection ?? "" });
		}).once("error", () => resolve(null));
	});
}

async function start(environment: Record<string, string>) {
	const port = await findFreePort();
	const { child, ended } = spawnApp(SERVER, {
		PATH: process.env.PATH,
		PORT: String(port),
		REDIS_URL: "redis://127.0.0.1:9",
		DATABASE_URL: "postgres://127.0.0.1:9/nothing",
		JWT_SECRET: "a secret that only this test knows",
		LOG_LEVEL: "fatal",
		...environment,
	});
	await waitUntil("the API to be ready", async () => (await ask(port, "/readyz"))?.status === 200, START_DEADLINE_MS);
	return { port, child, ended };
}

it.each([
	["one process", "1"],
	["two workers", "2"],
])("%s: after SIGTERM /readyz fails first, requests are served for DRAIN_MS, and then the port is closed", async (_what, workers) => {
	const { port, child, ended } = await start({ DRAIN_MS: String(DRAIN_MS), WORKERS: workers });
	// Each worker listens separately. This many concurrent requests reach all of them.
	await waitUntil("all workers", async () =>
		(await Promise.all(Array.from({ length: 30 }, () => ask(port, "/readyz")))).every((a) => a?.status === 200),
	);
	child.kill("SIGTERM");
	const signalledMs = performance.now();
	await waitUntil("/readyz to fail", async () => (await ask(port, "/readyz"))?.status === 503, 1_000);
	expect(performance.now() - signalledMs).toBeLessThan(500);
	while (performance.now() - signalledMs < DRAIN_MS - 300) {
		const [ready, health] = await Promise.all([ask(port, "/readyz"), ask(port, "/api/v1/health")]);
		// A response that was sent synchronously keeps its connection, because a pipelined request may follow.
		expect([ready, health]).toEqual([
			{ status: 503, connection: "keep-alive" },
			{ status: 503, connection: "close" },
		]);
	}
	await waitUntil("the end of listening", async () => (await ask(port, "/livez")) === null);
	expect(performance.now() - signalledMs).toBeGreaterThan(DRAIN_MS - 100);
	expect(await ended).toBe(0);
});

it("a process without DRAIN_MS exits at once after SIGTERM, and KEEP_ALIVE_MS is sent in the Keep-Alive header", async () => {
	const { port, child, ended } = await start({ KEEP_ALIVE_MS: "5000" });
	expect((await fetch(`http://127.0.0.1:${port}/livez`)).headers.get("keep-alive")).toBe("timeout=5");
	child.kill("SIGTERM");
	const signalledMs = performance.now();
	expect(await ended).toBe(0);
	expect(performance.now() - signalledMs).toBeLessThan(3_000);
	expect(await ask(port, "/livez")).toBeNull();
});
