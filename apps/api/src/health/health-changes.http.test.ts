/** Health after changes of running servers that break no connection: it is correct within 2 s of a change and of its reversal. */

import { rmSync } from "node:fs";
import { makeScratchFolder, queryPostgres, sendInlineCommand, startPostgres } from "@holdfast/local-stack";
import { startTestRedis, type TestRedis, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi, type TestApp } from "../testing/start-test-api.ts";
import { writeAllHeartbeats } from "../testing/write-all-heartbeats.ts";

const SWEEPER_TTL_MS = 600_000;
const TRUE_WITHIN_MS = 2_000;
/** How often the tests poll. The last poll may take longer, if its response waits for Redis. */
const STEP_MS = 20;

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
	await writeAllHeartbeats(api.seatStore, SWEEPER_TTL_MS);
});
afterAll(() => api.close());

async function ask(app: TestApp) {
	const { status, body } = await app.call("GET /health");
	const { status: overall, checks } = Object(body);
	const failed = Object.entries(Object(checks)).flatMap(([name, check]) => (Object(check).status === "ok" ? [] : [name]));
	return { status, overall, failed, checks: Object(checks) };
}

/** Waits until the overall status is this and returns the health. Throws after TRUE_WITHIN_MS. */
async function untilHealthIs(status: string, app: TestApp = api) {
	const startMs = performance.now();
	for (;;) {
		const health = await ask(app);
		if (health.overall === status) return health;
		if (performance.now() - startMs > TRUE_WITHIN_MS) throw new Error(`health is ${JSON.stringify(health)} after 2 s, not ${status}`);
		await new Promise((resolve) => setTimeout(resolve, STEP_MS));
	}
}

const runRedis = (command: string, { port }: TestRedis = api.redis) => sendInlineCommand(port, command);

describe("the status down", () => {
	it("health is down while Redis is a replica", async () => {
		await untilHealthIs("ok");
		await api.redis.cutOff();
		// The refused write may be detected before the role is read.
		expect((await untilHealthIs("down")).failed).toContain("writes");
		await waitUntil("the role to be reported", async () => (await ask(api)).checks.redis.role === "replica", TRUE_WITHIN_MS);
		expect(await ask(api)).toMatchObject({ status: 503, overall: "down", checks: { redis: { status: "failed" } } });
		await api.redis.promote();
		await untilHealthIs("ok");
	});

	it.each([
		["min-replicas-to-write", "1", "0", ["writes"]],
		["maxmemory", "1", "0", ["writes"]],
		["appendfsync", "everysec", "always", ["writes", "durability"]],
		["appendonly", "no", "yes", ["writes", "durability"]],
		["no-appendfsync-on-rewrite", "yes", "no", ["writes", "durability"]],
		["maxmemory-policy", "allkeys-lru", "noeviction", ["writes", "durability"]],
	])("health is down while the Redis setting %s is %s", async (name, broken, valid, failed) => {
		await untilHealthIs("ok");
		await runRedis(`CONFIG SET ${name} ${broken}`);
		const health = await untilHealthIs("down");
		// The durability check may detect the change before a write is refused.
		for (const check of health.failed) expect(failed).toContain(check);
		expect(health.status).toBe(503);
		expect(health.checks.redis.status).toBe("ok");
		await runRedis(`CONFIG SET ${name} ${valid}`);
		await untilHealthIs("ok");
	});

	it("health is down while ACK_LEVEL=replica has no replica", async () => {
		const careful = await api.startAnother({ ackLevel: "replica" });
		expect(await untilHealthIs("down", careful)).toMatchObject({ checks: { replicas: { status: "failed", online: 0, needed: 1 } } });
		const replica = await startTestRedis({ replicaOf: api.redis });
		expect(await untilHealthIs("ok", careful)).toMatchObject({ checks: { replicas: { status: "ok", online: 1 } } });
		await replica.kill();
		expect((await untilHealthIs("down", careful)).failed).toContain("replicas");
		await replica.stop();
		await careful.close();
	});
});

describe("the status degraded", () => {
	it.each([
		["existing sessions", "alter system set default_transaction_read_only = on", "alter system reset default_transaction_read_only"],
		["new sessions", "alter role all set default_transaction_read_only = on", "alter role all reset default_transaction_read_only"],
	])("health is degraded while Postgres is read-only for %s", async (_which, makeReadOnly, makeWritable) => {
		// The settings are those of a whole server, and other test files use the shared one.
		const dataDir = makeScratchFolder();
		const server = await startPostgres({ dataDir, throwaway: true });
		const runAsAdmin = (statement: string) => queryPostgres(`${server.url}?options=-c%20default_transaction_read_only%3Doff`, statement);
		const app = await api.startAnother({ databaseUrl: server.url });
		try {
			await untilHealthIs("ok", app);
			await runAsAdmin(makeReadOnly);
			await runAsAdmin("select pg_reload_conf()");
			expect(await untilHealthIs("degraded", app)).toMatchObject({
				status: 200,
				failed: ["postgres"],
				checks: { postgres: { isWritable: false } },
			});
			await runAsAdmin(makeWritable);
			await runAsAdmin("select pg_reload_conf()");
			await untilHealthIs("ok", app);
		} finally {
			await app.close();
			await server.stop();
			rmSync(dataDir, { recursive: true, force: true });
		}
	});

	it("health is degraded while an event has waited for longer than SETTLE_LAG_MAX_MS, and not before", async () => {
		const [strict, patient] = [await api.startAnother({ settleLagMaxMs: 300 }), await api.startAnother({ settleLagMaxMs: 60_000 })];
		await untilHealthIs("ok", strict);
		await api.seatStore.requeueEntry(7, { schema: "1", type: "nonsense" });
		expect((await ask(strict)).overall).toBe("ok");
		const late = await untilHealthIs("degraded", strict);
		expect(late.failed).toEqual(["sweeper"]);
		expect(late.checks.sweeper.settleLagMs).toBeGreaterThan(300);
		expect((await ask(patient)).overall).toBe("ok");
		const [entry] = await api.seatStore.readBatch(7, { afterEntryId: null, limit: 1 });
		await api.seatStore.ackBatch(7, [{ entryId: entry?.entryId ?? "", booking: null }]);
		expect((await untilHealthIs("ok", strict)).checks.sweeper.settleLagMs).toBe(0);
	});
});
