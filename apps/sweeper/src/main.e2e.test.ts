/** The sweeper's process: when it starts, when it refuses to start, and what it prints then. */
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { sendInlineCommand } from "@holdfast/local-stack";
import { bucketKeys, OLD_LAYOUT_KEYS } from "@holdfast/seat-store/testing";
import { createTestDatabase, insertShowtimes, openTestProxy, spawnApp, startTestRedis, type TestRedis, waitUntil } from "@holdfast/testing";
import { afterEach, beforeEach, expect, it } from "vitest";

const MAIN = join(import.meta.dirname, "main.ts");
/** On an idle machine a start takes a second or two; on a loaded one the imports take much longer. */
const START_DEADLINE_MS = 60_000;
/** The discard service: no machine of today runs it, so every connection is refused. */
const NO_SERVER_PORT = 9;

let redis: TestRedis;
const children: ChildProcess[] = [];
beforeEach(async () => {
	redis = await startTestRedis();
});
afterEach(async () => {
	for (const child of children.splice(0)) child.kill("SIGKILL");
	await redis.stop();
});

function run(environment: Record<string, string> = {}) {
	const app = spawnApp(MAIN, {
		PATH: process.env.PATH,
		REDIS_URL: redis.url,
		DATABASE_URL: "postgres://127.0.0.1:9/nothing",
		...environment,
	});
	children.push(app.child);
	return app;
}

it("the sweeper does not start on a Redis that may lose writes, and prints what is wrong and what to do", async () => {
	await sendInlineCommand(redis.port, "CONFIG SET appendfsync everysec");
	const { ended, printed } = run();
	expect(await ended).toBe(1);
	expect(printed.err).toMatch(/^Redis can lose confirmed bookings:\n- appendfsync is everysec; it must be always\nFix this .*I_ACCEPT_/);
	expect(printed.out).toBe("");
});

it("the sweeper does not start if the ledger has a showtime in a bucket beyond BUCKETS, until BUCKETS is raised", async () => {
	const database = await createTestDatabase();
	await insertShowtimes(database.url, { bucket: 16 });
	const refused = run({ DATABASE_URL: database.url });
	expect(await refused.ended).toBe(1);
	expect(refused.printed.err).toMatch(/^The ledger has data of bucket 16, and BUCKETS=16 ends at bucket 15: set BUCKETS to 17 or more/);
	const { child, ended } = run({ DATABASE_URL: database.url, BUCKETS: "17" });
	await waitUntil(
		"the sweeper's heartbeat in bucket 16",
		async () => (await sendInlineCommand(redis.port, `EXISTS ${bucketKeys(16).heartbeat}`)) === ":1",
		START_DEADLINE_MS,
	);
	child.kill("SIGTERM");
	expect(await ended).toBe(0);
	await database.drop();
});

it("the sweeper starts while Postgres is unreachable, and exits with the reason when the ledger turns out to have a bucket beyond BUCKETS", async () => {
	const database = await createTestDatabase();
	await insertShowtimes(database.url, { bucket: 16 });
	const proxy = await openTestProxy(NO_SERVER_PORT);
	const url = new URL(database.url);
	const serverPort = Number(url.port);
	url.port = new URL(proxy.url).port;
	const { ended, printed } = run({ DATABASE_URL: url.href });
	await waitUntil("the sweeper to start", async () => printed.out.includes("sweeper started"), START_DEADLINE_MS);
	proxy.redirect(serverPort);
	expect(await ended).toBe(1);
	expect(printed.err).toMatch(/^The ledger has data of bucket 16, and BUCKETS=16 ends at bucket 15/);
	proxy.close();
	await database.drop();
});

it.each([
	["logs a warning when it connects as the owner of the tables", "ownerUrl", 1],
	["logs no warning about its role when the role is that of the application", "url", 0],
] as const)("the sweeper %s", async (_what, url, warnings) => {
	const database = await createTestDatabase();
	const { child, ended, printed } = run({ DATABASE_URL: database[url] });
	await waitUntil("the sweeper to start", async () => printed.out.includes("sweeper started"), START_DEADLINE_MS);
	child.kill("SIGTERM");
	expect(await ended).toBe(0);
	expect(printed.out.split("audit trail not protected").length - 1).toBe(warnings);
	expect(printed.out.split("Give DATABASE_URL a role of its own").length - 1).toBe(warnings);
	await database.drop();
});

it("the sweeper does not start on a Redis with keys of the previous layout", async () => {
	const [oldKey = ""] = OLD_LAYOUT_KEYS;
	await sendInlineCommand(redis.port, `SET ${oldKey} 1`);
	const { ended, printed } = run();
	expect(await ended).toBe(1);
	expect(printed.err).toMatch(/^Redis holds data of an older layout .* DATA_DIR=\.data-new npm start/);
});

it("the sweeper starts on a Redis that may lose writes if the loss is accepted, and logs a warning", async () => {
	await sendInlineCommand(redis.port, "CONFIG SET appendfsync everysec");
	const { child, ended, printed } = run({ I_ACCEPT_LOSING_CONFIRMED_BOOKINGS: "true" });
	await waitUntil(
		"the sweeper's heartbeat",
		async () => (await sendInlineCommand(redis.port, `EXISTS ${bucketKeys(15).heartbeat}`)) === ":1",
		START_DEADLINE_MS,
	);
	child.kill("SIGTERM");
	expect(await ended).toBe(0);
	expect(printed.out).toContain("REDIS MAY LOSE CONFIRMED BOOKINGS");
});

it("the sweeper starts while Redis is down, and sweeps once Redis is up", async () => {
	await redis.kill();
	const { child, ended } = run();
	await redis.restart();
	await waitUntil(
		"the sweeper's heartbeat",
		async () => (await sendInlineCommand(redis.port, `EXISTS ${bucketKeys(15).heartbeat}`)) === ":1",
		START_DEADLINE_MS,
	);
	child.kill("SIGTERM");
	expect(await ended).toBe(0);
});
