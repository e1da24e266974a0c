/** The API as a process on a Redis whose configuration can lose acknowledged writes, from the start or later. */
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { findFreePort, sendInlineCommand } from "@holdfast/local-stack";
import { spawnApp, startTestRedis, type TestRedis, waitUntil } from "@holdfast/testing";
import { afterEach, beforeEach, expect, it } from "vitest";

const SERVER = join(import.meta.dirname, "server.ts");
/** It takes a second or two on an idle machine. On a loaded machine the imports are slow. */
const START_DEADLINE_MS = 60_000;

let redis: TestRedis;
const children: ChildProcess[] = [];
let port: number;
beforeEach(async () => {
	redis = await startTestRedis();
	port = await findFreePort();
});
afterEach(async () => {
	for (const child of children.splice(0)) child.kill("SIGKILL");
	await redis.stop();
});

function run(environment: Record<string, string> = {}) {
	const app = spawnApp(SERVER, {
		PATH: process.env.PATH,
		PORT: String(port),
		REDIS_URL: redis.url,
		DATABASE_URL: "postgres://127.0.0.1:9/nothing",
		JWT_SECRET: "a secret that only this test knows",
		...environment,
	});
	children.push(app.child);
	return app;
}

/** The overall status and the durability status of `/health`, such as `down failed`. Null while the API does not listen. */
async function health(): Promise<string | null> {
	try {
		const body = Object(await (await fetch(`http://127.0.0.1:${port}/api/v1/health`)).json());
		return `${body.status} ${body.checks.durability.status}`;
	} catch {
		return null;
	}
}

it.each(["1", "2"])("the API does not start with %s worker(s), and prints every misconfiguration and what to do", async (workers) => {
	await sendInlineCommand(redis.port, "CONFIG SET appendfsync everysec");
	await sendInlineCommand(redis.port, "CONFIG SET maxmemory-policy allkeys-lru");
	const { ended, printed } = run({ WORKERS: workers });
	expect(await ended).toBe(1);
	expect(printed.err).toMatch(
		/^Redis can lose confirmed bookings:\n- app.*must be always\n- maxmemory-policy .*must be noeviction\nFix this /,
	);
	expect(printed.err).toContain("I_ACCEPT_LOSING_CONFIRMED_BOOKINGS=true");
	expect(printed.out).toBe("");
});

it("the API does not start with a replica while ACK_LEVEL is not set, and prints both choices", async () => {
	const replica = await startTestRedis({ replicaOf: redis });
	const { ended, printed } = run();
	expect(await ended).toBe(1);
	expect(printed.err).toMatch(/ACK_LEVEL=local.*ACK_LEVEL=replica/);
	// A replica that is still writing its first append-only file refuses a clean shutdown.
	await replica.kill();
	await replica.stop();
});

it("the API starts with a loud warning when the loss of bookings is accepted", async () => {
	await sendInlineCommand(redis.port, "CONFIG SET appendfsync everysec");
	const { child, ended, printed } = run({ I_ACCEPT_LOSING_CONFIRMED_BOOKINGS: "true" });
	await waitUntil("the API to serve", async () => (await health()) === "degraded ok", START_DEADLINE_MS);
	child.kill("SIGTERM");
	expect(await ended).toBe(0);
	expect(printed.out).toContain("REDIS MAY LOSE CONFIRMED BOOKINGS");
});

it("the API starts without Redis, refuses writes while Redis is misconfigured, and recovers without a restart", async () => {
	await redis.kill();
	const { child, ended, printed } = run();
	await waitUntil("the API to listen", async () => (await health()) === "down failed", START_DEADLINE_MS);
	await redis.restart();
	await waitUntil("Redis to be connected", async () => (await health()) === "degraded ok");

	await sendInlineCommand(redis.port, "CONFIG SET appendfsync no");
	await sendInlineCommand(redis.port, "CLIENT KILL TYPE normal");
	await waitUntil("the misconfiguration to be detected", async () => (await health()) === "down failed");
	await sendInlineCommand(redis.port, "CONFIG SET appendfsync always");
	await waitUntil("the corrected configuration to be detected", async () => (await health()) === "degraded ok");

	child.kill("SIGTERM");
	expect(await ended).toBe(0);
	expect(printed.out).toContain('"msg":"redis misconfigured, writes refused"');
});
