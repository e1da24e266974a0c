/** `npm start` on stores with which no booking can work: it prints the reason and exits, and does not wait or report that it is ready. */
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { makeScratchFolder, queryPostgres, type RunningPostgres, sendInlineCommand, startPostgres } from "@holdfast/local-stack";
import { spawnApp, startTestRedis, type TestRedis } from "@holdfast/testing";
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

/** Runs `npm start`, expects exit code 1, and resolves to the text on stderr. */
async function startAndFail(environment: Record<string, string>): Promise<string> {
	const env = { PATH: process.env.PATH, HOME: process.env.HOME, DATA_DIR: dataDir, PORT: "0", ...environment };
	const { child, printed, ended } = spawnApp(entry, env);
	toStop.push(async () => {
		if (child.exitCode !== null) return;
		child.kill("SIGTERM");
		await ended;
	});
	const startMs = performance.now();
	const code = await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 40_000, "still running"))]);
	expect(code).toBe(1);
	expect(performance.now() - startMs).toBeLessThan(30_000);
	return printed.err.trim();
}

it("npm start rejects ACK_LEVEL=replica on its own Redis, which has no replica", async () => {
	expect(await startAndFail({ ACK_LEVEL: "replica", DATABASE_URL: postgres.url })).toMatch(
		/^ACK_LEVEL=replica needs a Redis that has a replica.*\.$/,
	);
});

it("npm start rejects ACK_LEVEL=replica on a Redis from REDIS_URL that has no replica", async () => {
	const message = await startAndFail({ ACK_LEVEL: "replica", REDIS_URL: redis.url, DATABASE_URL: postgres.url });
	expect(message).toMatch(/^ACK_LEVEL is replica, but Redis has no replica: .*\.$/);
});

it("npm start rejects a Redis from REDIS_URL that is a replica", async () => {
	await redis.cutOff();
	toStop.push(redis.promote);
	expect(await startAndFail({ REDIS_URL: redis.url, DATABASE_URL: postgres.url })).toMatch(
		/^Redis is a replica, which accepts no writes: .*\.$/,
	);
});

it("npm start rejects a Redis from REDIS_URL that can lose acknowledged writes", async () => {
	await sendInlineCommand(redis.port, "CONFIG SET appendfsync everysec");
	toStop.push(() => sendInlineCommand(redis.port, "CONFIG SET appendfsync always"));
	const message = await startAndFail({ REDIS_URL: redis.url, DATABASE_URL: postgres.url });
	expect(message).toMatch(/^Redis can lose confirmed bookings:\n- appendfsync is everysec; it must be always\nFix this .*\.$/);
});

it("npm start rejects a PostgreSQL from DATABASE_URL that is read-only", async () => {
	await queryPostgres(postgres.url, "alter role holdfast set default_transaction_read_only = on");
	const writable = `${postgres.url}?options=-c%20default_transaction_read_only%3Doff`;
	toStop.push(() => queryPostgres(writable, "alter role holdfast reset default_transaction_read_only"));
	expect(await startAndFail({ REDIS_URL: redis.url, DATABASE_URL: postgres.url })).toMatch(
		/^The database at DATABASE_URL is read-only, .*\.$/,
	);
});
