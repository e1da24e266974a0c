/** The API's process itself, on a Redis that does not keep what it acknowledges, from the start or later. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { findFreePort, sendInlineCommand } from "@holdfast/local-stack";
import { startTestRedis, type TestRedis, waitUntil } from "@holdfast/testing";
import { afterEach, beforeEach, expect, it } from "vitest";

const SERVER = join(import.meta.dirname, "server.ts");
/** A second or two on an idle machine; a loaded one takes its time to import. */
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
	const child = spawn(process.execPath, [SERVER], {
		env: {
			PATH: process.env.PATH,
			PORT: String(port),
			REDIS_URL: redis.url,
			DATABASE_URL: "postgres://127.0.0.1:9/nothing",
			JWT_SECRET: "a secret that only this test knows of",
			...environment,
		},
		stdio: ["ignore", "pipe", "pipe"],
	});
	children.push(child);
	const printed = { out: "", err: "" };
	child.stdout.on("data", (chunk) => {
		printed.out += chunk;
	});
	child.stderr.on("data", (chunk) => {
		printed.err += chunk;
	});
	return { child, printed, ended: once(child, "close").then(([code]: unknown[]) => code) };
}

/** What `/health` says as a whole and of durability, as `down failed`; null while nobody listens. */
async function health(): Promise<string | null> {
	try {
		const body = Object(await (await fetch(`http://127.0.0.1:${port}/api/v1/health`)).json());
		return `${body.status} ${body.checks.durability.status}`;
	} catch {
		return null;
	}
}

it.each(["1", "2"])("does not start with %s worker(s), and says everything that is wrong and what to do", async (workers) => {
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

it("does not start beside a replica while ACK_LEVEL is not set, and names both choices", async () => {
	const replica = await startTestRedis({ replicaOf: redis });
	const { ended, printed } = run();
	expect(await ended).toBe(1);
	expect(printed.err).toMatch(/ACK_LEVEL=local.*ACK_LEVEL=replica/);
	// A replica that still writes its first append-only file refuses to end cleanly.
	await replica.kill();
	await replica.stop();
});

it("starts where the loss is accepted, with a loud warning", async () => {
	await sendInlineCommand(redis.port, "CONFIG SET appendfsync everysec");
	const { child, ended, printed } = run({ I_ACCEPT_LOSING_CONFIRMED_BOOKINGS: "true" });
	await waitUntil("the API to serve", async () => (await health()) === "degraded ok", START_DEADLINE_MS);
	child.kill("SIGTERM");
	expect(await ended).toBe(0);
	expect(printed.out).toContain("REDIS MAY LOSE CONFIRMED BOOKINGS");
});

it("starts without Redis, refuses one that comes flawed, and serves once it is mended, without a restart", async () => {
	await redis.kill();
	const { child, ended, printed } = run();
	await waitUntil("the API to listen", async () => (await health()) === "down failed", START_DEADLINE_MS);
	await redis.restart();
	await waitUntil("Redis to be found", async () => (await health()) === "degraded ok");

	await sendInlineCommand(redis.port, "CONFIG SET appendfsync no");
	await sendInlineCommand(redis.port, "CLIENT KILL TYPE normal");
	await waitUntil("the flaw to be found", async () => (await health()) === "down failed");
	await sendInlineCommand(redis.port, "CONFIG SET appendfsync always");
	await waitUntil("the mending to be found", async () => (await health()) === "degraded ok");

	child.kill("SIGTERM");
	expect(await ended).toBe(0);
	expect(printed.out).toContain('"msg":"redis misconfigured, writes refused"');
});
