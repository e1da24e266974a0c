/** Health of the built product, from outside, while its stores are changed and no connection breaks: true within 2 s, both ways. */
import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { makeScratchFolder, queryPostgres, type Stack, sendInlineCommand, startStack } from "@holdfast/local-stack";
import { insertShowtimes, startTestRedis, type TestRedis, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Buyer, idOf, insertBuyers, UNTHROTTLED } from "./open-test-stack.ts";

const TRUE_WITHIN_MS = 2_000;
const PATIENCE_MS = 10_000;
const POLL_MS = 20;
const SETTLE_LAG_MAX_MS = 3_000;

let dataDir: string;
let primary: TestRedis;
let replica: TestRedis;
let stack: Stack;
const table: string[] = [];
beforeAll(async () => {
	dataDir = makeScratchFolder();
	primary = await startTestRedis();
	replica = await startTestRedis({ replicaOf: primary });
	stack = await startStack({
		dataDir,
		redisUrl: primary.url,
		skipSeed: true,
		environment: {
			LOG_LEVEL: "warn",
			ACK_LEVEL: "replica",
			SETTLE_LAG_MAX_MS: String(SETTLE_LAG_MAX_MS),
			QUARANTINE_MS: "0",
			...UNTHROTTLED,
		},
	});
});
afterAll(async () => {
	console.log(`health, seconds until true:\n${table.join("\n")}`);
	await stack?.stop();
	for (const server of [replica, primary]) await server.kill().then(server.stop);
	rmSync(dataDir, { recursive: true, force: true });
});

type Health = { readonly status: number; readonly word: string; readonly checks: Record<string, Record<string, unknown>> };

async function health(): Promise<Health> {
	const answer = await fetch(`${stack.info.apiUrl}/api/v1/health`);
	const { status, checks } = Object(await answer.json());
	return { status: answer.status, word: status, checks };
}

/** How long until health says that word: ms. Infinite: not within ten seconds. */
async function msUntil(word: string): Promise<number> {
	const startMs = performance.now();
	while (performance.now() - startMs < PATIENCE_MS) {
		if ((await health()).word === word) return performance.now() - startMs;
		await delay(POLL_MS);
	}
	return Number.POSITIVE_INFINITY;
}

const seconds = (ms: number): string => (Number.isFinite(ms) ? (ms / 1_000).toFixed(2) : `never (${PATIENCE_MS / 1_000} s)`);

async function expectTruth(what: string, word: string, spoil: () => Promise<unknown>, mend: () => Promise<unknown>): Promise<void> {
	expect(await msUntil("ok")).toBeLessThan(PATIENCE_MS);
	await spoil();
	const thereMs = await msUntil(word);
	const ready = await fetch(`${stack.info.apiUrl}/readyz`);
	await mend();
	const backMs = await msUntil("ok");
	table.push(`  ${what}: ${word} after ${seconds(thereMs)}, ok again after ${seconds(backMs)}`);
	expect(thereMs).toBeLessThan(TRUE_WITHIN_MS);
	expect(backMs).toBeLessThan(TRUE_WITHIN_MS);
	expect(ready.status).toBe(200);
}

const order = (command: string) => sendInlineCommand(primary.port, command);
const admin = (statement: string) => queryPostgres(`${stack.info.databaseUrl}?options=-c%20default_transaction_read_only%3Doff`, statement);

const adminReloads = (statement: string) => admin(statement).then(() => admin("select pg_reload_conf()"));

describe("down", () => {
	it("within 2 s of REPLICAOF on the primary", () => expectTruth("REPLICAOF", "down", primary.cutOff, primary.promote));

	it.each([
		["min-replicas-to-write", "2", "0"],
		["appendfsync", "everysec", "always"],
		["appendonly", "no", "yes"],
		["maxmemory-policy", "allkeys-lru", "noeviction"],
		["maxmemory", "1", "0"],
	])("within 2 s of CONFIG SET %s %s", (name, spoilt, sound) =>
		expectTruth(
			`${name} ${spoilt}`,
			"down",
			() => order(`CONFIG SET ${name} ${spoilt}`),
			() => order(`CONFIG SET ${name} ${sound}`),
		),
	);

	it("within 2 s of the loss of the only replica, at ACK_LEVEL=replica", () =>
		expectTruth(
			"no replica",
			"down",
			() => replica.kill(),
			() => replica.restart(),
		));
});

describe("degraded", () => {
	it.each([
		["alter system set default_transaction_read_only = on", "alter system reset default_transaction_read_only"],
		["alter database holdfast set default_transaction_read_only = on", "alter database holdfast reset default_transaction_read_only"],
	])("within 2 s of %s", (spoil, mend) =>
		expectTruth(
			spoil,
			"degraded",
			() => adminReloads(spoil),
			() => adminReloads(mend),
		),
	);

	it("while the sweeper lives and settles nothing for longer than SETTLE_LAG_MAX_MS, and while it is stopped", async () => {
		const buyer = await onlyBuyer();
		// Its heartbeat goes on, and so does the API's own session: nothing but the lag tells.
		await admin("alter table booking_events rename to booking_events_away");
		await buySeat(buyer);
		const soldMs = performance.now();
		await waitUntil("the lag to be told", async () => (await health()).word === "degraded");
		const afterMs = performance.now() - soldMs;
		expect(afterMs).toBeGreaterThan(SETTLE_LAG_MAX_MS - 500);
		expect(afterMs).toBeLessThan(SETTLE_LAG_MAX_MS + TRUE_WITHIN_MS);
		const { checks } = await health();
		expect(checks).toMatchObject({ postgres: { status: "ok" }, sweeper: { status: "failed", limitMs: SETTLE_LAG_MAX_MS } });
		await admin("alter table booking_events_away rename to booking_events");
		await waitUntil("it to be recorded", async () => (await health()).checks.sweeper?.settleLagMs === 0, 20_000);
		expect(await msUntil("ok")).toBeLessThan(TRUE_WITHIN_MS);
		table.push(`  nothing is settled (limit ${SETTLE_LAG_MAX_MS / 1_000} s): degraded after ${seconds(afterMs)}`);

		await stack.sweeper.kill("SIGKILL");
		await buySeat(buyer);
		const lag = async () => Number((await health()).checks.sweeper?.settleLagMs);
		const before = await waitUntil("a lag", lag);
		await waitUntil("it to grow", async () => (await lag()) > before + 500);
		await stack.sweeper.start();
		await waitUntil("it to be recorded", async () => (await lag()) === 0, 20_000);
	});
});

async function onlyBuyer(): Promise<Buyer> {
	const { databaseUrl, jwtSecret, apiUrl } = stack.info;
	const [buyer] = await insertBuyers({ databaseUrl, jwtSecret, count: 1, server: () => apiUrl });
	if (buyer === undefined) throw new Error("no buyer was inserted");
	return buyer;
}

/** In a showtime of its own. */
async function buySeat(buyer: Buyer): Promise<void> {
	const [showtimeId] = (await insertShowtimes(stack.info.databaseUrl)).showtimeIds;
	if (showtimeId === undefined) throw new Error("no showtime was inserted");
	const held = await waitUntil("a hold", async () => {
		const answer = await buyer.hold(showtimeId, ["A1"]);
		return answer.status === 201 && answer;
	});
	expect((await buyer.confirm(idOf(held))).status).toBe(200);
}
