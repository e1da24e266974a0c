/** Health under changes of live servers, none of which breaks a connection: it is true within 2 s, and again within 2 s of the way back. */

import { queryPostgres, sendInlineCommand } from "@holdfast/local-stack";
import { startTestRedis, type TestRedis, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { markAllSwept } from "../testing/mark-all-swept.ts";
import { startTestApi, type TestApi, type TestApp } from "../testing/start-test-api.ts";

const SWEEPER_TTL_MS = 600_000;
const TRUE_WITHIN_MS = 2_000;
/** The tests ask that often; and the last answer may take as long as one that waits for Redis. */
const STEP_MS = 20;

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
	await markAllSwept(api.seatStore, SWEEPER_TTL_MS);
});
afterAll(() => api.close());

async function ask(app: TestApp) {
	const { status, body } = await app.call("GET /health");
	const { status: word, checks } = Object(body);
	const failed = Object.entries(Object(checks)).flatMap(([name, check]) => (Object(check).status === "ok" ? [] : [name]));
	return { status, word, failed, checks: Object(checks) };
}

/** Health, as soon as it says that word; it must within the time. */
async function untilSays(word: string, app: TestApp = api) {
	const startMs = performance.now();
	for (;;) {
		const health = await ask(app);
		if (health.word === word) return health;
		if (performance.now() - startMs > TRUE_WITHIN_MS) throw new Error(`health says ${JSON.stringify(health)} after 2 s, not ${word}`);
		await new Promise((resolve) => setTimeout(resolve, STEP_MS));
	}
}

const order = (command: string, { port }: TestRedis = api.redis) => sendInlineCommand(port, command);
const admin = (statement: string) => queryPostgres(`${api.databaseUrl}?options=-c%20default_transaction_read_only%3Doff`, statement);

describe("down", () => {
	it("while Redis is a replica", async () => {
		await untilSays("ok");
		await api.redis.cutOff();
		// A write may be refused before the role is looked at.
		expect((await untilSays("down")).failed).toContain("writes");
		await waitUntil("the role to be told", async () => (await ask(api)).checks.redis.role === "replica", TRUE_WITHIN_MS);
		expect(await ask(api)).toMatchObject({ status: 503, word: "down", checks: { redis: { status: "failed" } } });
		await api.redis.promote();
		await untilSays("ok");
	});

	it.each([
		["min-replicas-to-write", "1", "0", ["writes"]],
		["maxmemory", "1", "0", ["writes"]],
		["appendfsync", "everysec", "always", ["writes", "durability"]],
		["appendonly", "no", "yes", ["writes", "durability"]],
		["no-appendfsync-on-rewrite", "yes", "no", ["writes", "durability"]],
		["maxmemory-policy", "allkeys-lru", "noeviction", ["writes", "durability"]],
	])("while Redis has %s %s", async (name, spoilt, sound, failed) => {
		await untilSays("ok");
		await order(`CONFIG SET ${name} ${spoilt}`);
		const health = await untilSays("down");
		// The refusal is heard of before the write that meets it.
		for (const check of health.failed) expect(failed).toContain(check);
		expect(health.status).toBe(503);
		expect(health.checks.redis.status).toBe("ok");
		await order(`CONFIG SET ${name} ${sound}`);
		await untilSays("ok");
	});

	it("while ACK_LEVEL=replica has no replica", async () => {
		const careful = await api.another({ ackLevel: "replica" });
		expect(await untilSays("down", careful)).toMatchObject({ checks: { replicas: { status: "failed", online: 0, needed: 1 } } });
		const replica = await startTestRedis({ replicaOf: api.redis });
		expect(await untilSays("ok", careful)).toMatchObject({ checks: { replicas: { status: "ok", online: 1 } } });
		await replica.kill();
		expect((await untilSays("down", careful)).failed).toContain("replicas");
		await replica.stop();
		await careful.close();
	});
});

describe("degraded", () => {
	it.each([
		["the sessions that exist", "alter system set default_transaction_read_only = on", "alter system reset default_transaction_read_only"],
		["new sessions", "alter role all set default_transaction_read_only = on", "alter role all reset default_transaction_read_only"],
	])("while Postgres is read-only to %s", async (_which, spoil, mend) => {
		await untilSays("ok");
		await admin(spoil);
		await admin("select pg_reload_conf()");
		try {
			expect(await untilSays("degraded")).toMatchObject({
				status: 200,
				failed: ["postgres"],
				checks: { postgres: { isWritable: false } },
			});
		} finally {
			await admin(mend);
			await admin("select pg_reload_conf()");
		}
		await untilSays("ok");
	});

	it("while an event has waited for longer than SETTLE_LAG_MAX_MS, and not before", async () => {
		const [strict, patient] = [await api.another({ settleLagMaxMs: 300 }), await api.another({ settleLagMaxMs: 60_000 })];
		await untilSays("ok", strict);
		await api.seatStore.requeueEntry(7, { schema: "1", type: "nonsense" });
		expect((await ask(strict)).word).toBe("ok");
		const late = await untilSays("degraded", strict);
		expect(late.failed).toEqual(["sweeper"]);
		expect(late.checks.sweeper.settleLagMs).toBeGreaterThan(300);
		expect((await ask(patient)).word).toBe("ok");
		const [entry] = await api.seatStore.readBatch(7, { afterEntryId: null, limit: 1 });
		await api.seatStore.ackBatch(7, [{ entryId: entry?.entryId ?? "", booking: null }]);
		expect((await untilSays("ok", strict)).checks.sweeper.settleLagMs).toBe(0);
	});
});
