/** `npm start` on stores on which bookings can never work: it says so in a sentence and ends, instead of waiting or saying that it is ready. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { makeScratchFolder, queryPostgres, type RunningPostgres, sendInlineCommand, startPostgres } from "@holdfast/local-stack";
import { startTestRedis, type TestRedis } from "@holdfast/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

const entry = fileURLToPath(new URL("../../local-stack/src/bin/start.ts", import.meta.url));

let dataDir: string;
let postgresDir: string;
let redis: TestRedis;
let postgres: RunningPostgres;
const toStop: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
	[dataDir, postgresDir] = [makeScratchFolder(), makeScratchFolder()];
	[redis, postgres] = await Promise.all([startTestRedis(), startPostgres({ dataDir: postgresDir, throwaway: true })]);
});
afterEach(async () => {
	for (const stop of toStop.splice(0)) await stop();
});
afterAll(async () => {
	await Promise.all([redis.stop(), postgres.stop()]);
	for (const folder of [dataDir, postgresDir]) rmSync(folder, { recursive: true });
});

/** What it printed to stderr, once it has ended with 1. */
async function refusal(environment: Record<string, string>): Promise<string> {
	const env = { PATH: process.env.PATH, HOME: process.env.HOME, DATA_DIR: dataDir, PORT: "0", ...environment };
	const child = spawn(process.execPath, [entry], { env, stdio: ["ignore", "ignore", "pipe"] });
	toStop.push(async () => {
		if (child.exitCode !== null) return;
		child.kill("SIGTERM");
		await once(child, "close");
	});
	let complaints = "";
	child.stderr.on("data", (chunk) => {
		complaints += String(chunk);
	});
	const startMs = performance.now();
	const code = await Promise.race([
		once(child, "close").then(([it]) => it),
		new Promise((resolve) => setTimeout(resolve, 40_000, "is up")),
	]);
	expect(code).toBe(1);
	expect(performance.now() - startMs).toBeLessThan(30_000);
	return complaints.trim();
}

it("refuses ACK_LEVEL=replica on its own Redis, which has no replica", async () => {
	expect(await refusal({ ACK_LEVEL: "replica", DATABASE_URL: postgres.url })).toMatch(
		/^ACK_LEVEL=replica needs a Redis that has a replica.*\.$/,
	);
});

it("refuses ACK_LEVEL=replica on a given Redis that has no replica", async () => {
	const said = await refusal({ ACK_LEVEL: "replica", REDIS_URL: redis.url, DATABASE_URL: postgres.url });
	expect(said).toMatch(/^ACK_LEVEL=replica, and Redis has no replica: .*\.$/);
});

it("refuses a given Redis that is a replica", async () => {
	await redis.cutOff();
	toStop.push(redis.promote);
	expect(await refusal({ REDIS_URL: redis.url, DATABASE_URL: postgres.url })).toMatch(/^Redis is a replica, which takes no writes: .*\.$/);
});

it("refuses a given Redis that does not keep what it acknowledges", async () => {
	await sendInlineCommand(redis.port, "CONFIG SET appendfsync everysec");
	toStop.push(() => sendInlineCommand(redis.port, "CONFIG SET appendfsync always"));
	const said = await refusal({ REDIS_URL: redis.url, DATABASE_URL: postgres.url });
	expect(said).toMatch(/^Redis does not keep what is confirmed:\n- appendfsync is everysec; it must be always\nMend it .*\.$/);
});

it("refuses a given PostgreSQL that is read-only", async () => {
	await queryPostgres(postgres.url, "alter role holdfast set default_transaction_read_only = on");
	const writable = `${postgres.url}?options=-c%20default_transaction_read_only%3Doff`;
	toStop.push(() => queryPostgres(writable, "alter role holdfast reset default_transaction_read_only"));
	expect(await refusal({ REDIS_URL: redis.url, DATABASE_URL: postgres.url })).toMatch(
		/^DATABASE_URL is set, but the database is read-only, .*\.$/,
	);
});
