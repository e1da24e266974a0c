/**
 * The health route of the running product while settings and roles of its stores change without a broken connection. Health must be
 * correct within 2 s after the change, and within 2 s after the change is undone.
 */
import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { makeScratchFolder, queryPostgres, type Stack, sendInlineCommand, startStack } from "@holdfast/local-stack";
import { insertShowtimes, startTestRedis, type TestRedis, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Buyer, idOf, insertBuyers, UNTHROTTLED } from "./open-test-stack.ts";

const CORRECT_WITHIN_MS = 2_000;
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
	console.log(`health, seconds until it was correct:\n${table.join("\n")}`);
	await stack?.stop();
	for (const server of [replica, primary]) await server.kill().then(server.stop);
	rmSync(dataDir, { recursive: true, force: true });
});

type Health = { readonly httpStatus: number; readonly status: string; readonly checks: Record<string, Record<string, unknown>> };

async function health(): Promise<Health> {
	const answer = await fetch(`${stack.info.apiUrl}/api/v1/health`);
	const { status, checks } = Object(await answer.json());
	return { httpStatus: answer.status, status, checks };
}

/** Resolves to the ms until health has this status; to Infinity when it does not within ten seconds. */
async function msUntil(status: string): Promise<number> {
	const startMs = performance.now();
	while (performance.now() - startMs < PATIENCE_MS) {
		if ((await health()).status === status) return performance.now() - startMs;
		await delay(POLL_MS);
	}
	return Number.POSITIVE_INFINITY;
}

const seconds = (ms: number): string => (Number.isFinite(ms) ? (ms / 1_000).toFixed(2) : `never (${PATIENCE_MS / 1_000} s)`);

/** Makes a change and undoes it; expects health to have `status` in between, and to be ok before and after. */
async function expectHealth(
	change: string,
	status: string,
	makeChange: () => Promise<unknown>,
	undoChange: () => Promise<unknown>,
): Promise<void> {
	expect(await msUntil("ok")).toBeLessThan(PATIENCE_MS);
	await makeChange();
	const changedMs = await msUntil(status);
	const ready = await fetch(`${stack.info.apiUrl}/readyz`);
	await undoChange();
	const backMs = await msUntil("ok");
	table.push(`  ${change}: ${status} after ${seconds(changedMs)}, ok again after ${seconds(backMs)}`);
	expect(changedMs).toBeLessThan(CORRECT_WITHIN_MS);
	expect(backMs).toBeLessThan(CORRECT_WITHIN_MS);
	expect(ready.status).toBe(200);
}

const sendToPrimary = (command: string) => sendInlineCommand(primary.port, command);
const admin = (statement: string) =>
	queryPostgres(`${stack.info.databaseOwnerUrl}?options=-c%20default_transaction_read_only%3Doff`, statement);

const adminWithReload = (statement: string) => admin(statement).then(() => admin("select pg_reload_conf()"));

describe("health status down", () => {
	it("health is down within 2 s after REPLICAOF on the primary", () => expectHealth("REPLICAOF", "down", primary.cutOff, primary.promote));

	it.each([
		["min-replicas-to-write", "2", "0"],
		["appendfsync", "everysec", "always"],
		["appendonly", "no", "yes"],
		["maxmemory-policy", "allkeys-lru", "noeviction"],
		["maxmemory", "1", "0"],
	])("health is down within 2 s after CONFIG SET %s %s", (name, unsafe, safe) =>
		expectHealth(
			`${name} ${unsafe}`,
			"down",
			() => sendToPrimary(`CONFIG SET ${name} ${unsafe}`),
			() => sendToPrimary(`CONFIG SET ${name} ${safe}`),
		),
	);

	it("health is down within 2 s after the loss of the only replica at ACK_LEVEL=replica", () =>
		expectHealth(
			"no replica",
			"down",
			() => replica.kill(),
			() => replica.restart(),
		));
});

describe("health status degraded", () => {
	it.each([
		["alter system set default_transaction_read_only = on", "alter system reset default_transaction_read_only"],
		["alter database holdfast set default_transaction_read_only = on", "alter database holdfast reset default_transaction_read_only"],
	])("health is degraded within 2 s after %s", (change, undo) =>
		expectHealth(
			change,
			"degraded",
			() => adminWithReload(change),
			() => adminWithReload(undo),
		),
	);

	it("health is degraded when an event waits longer than SETTLE_LAG_MAX_MS for a running sweeper, and the lag grows while it is stopped", async () => {
		const buyer = await insertBuyer();
		// The sweeper's heartbeat and the API's session both keep working, so only the lag shows that nothing is settled.
		await admin("alter table booking_events rename to booking_events_away");
		await buySeat(buyer);
		const soldMs = performance.now();
		await waitUntil("health to be degraded", async () => (await health()).status === "degraded");
		const afterMs = performance.now() - soldMs;
		expect(afterMs).toBeGreaterThan(SETTLE_LAG_MAX_MS - 500);
		expect(afterMs).toBeLessThan(SETTLE_LAG_MAX_MS + CORRECT_WITHIN_MS);
		const { checks } = await health();
		expect(checks).toMatchObject({ postgres: { status: "ok" }, sweeper: { status: "failed", limitMs: SETTLE_LAG_MAX_MS } });
		await admin("alter table booking_events_away rename to booking_events");
		await waitUntil("the booking to be recorded", async () => (await health()).checks.sweeper?.settleLagMs === 0, 20_000);
		expect(await msUntil("ok")).toBeLessThan(CORRECT_WITHIN_MS);
		table.push(`  nothing is settled (limit ${SETTLE_LAG_MAX_MS / 1_000} s): degraded after ${seconds(afterMs)}`);

		await stack.sweeper.kill("SIGKILL");
		await buySeat(buyer);
		const lag = async () => Number((await health()).checks.sweeper?.settleLagMs);
		const before = await waitUntil("the lag to be reported", lag);
		await waitUntil("the lag to grow", async () => (await lag()) > before + 500);
		await stack.sweeper.start();
		await waitUntil("the booking to be recorded", async () => (await lag()) === 0, 20_000);
	});
});

async function insertBuyer(): Promise<Buyer> {
	const { databaseUrl, jwtSecret, apiUrl } = stack.info;
	const [buyer] = await insertBuyers({ databaseUrl, jwtSecret, count: 1, server: () => apiUrl });
	if (buyer === undefined) throw new Error("no buyer was inserted");
	return buyer;
}

/** Buys one seat of a new showtime. */
async function buySeat(buyer: Buyer): Promise<void> {
	const [showtimeId] = (await insertShowtimes(stack.info.databaseUrl)).showtimeIds;
	if (showtimeId === undefined) throw new Error("no showtime was inserted");
	const held = await waitUntil("a hold to be placed", async () => {
		const answer = await buyer.hold(showtimeId, ["A1"]);
		return answer.status === 201 && answer;
	});
	expect((await buyer.confirm(idOf(held))).status).toBe(200);
}
