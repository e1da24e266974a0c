import { readFileSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { makeScratchFolder, queryPostgres, type RunningPostgres, startPostgres } from "@holdfast/local-stack";
import { createTestDatabase, type TestDatabase, waitUntil } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { codeOf, isDatabaseUnavailable } from "./classify-error.ts";
import { CONNECTION_BUDGETS, type ConnectionBudget, type DatabaseWork, STATEMENT_TIMEOUTS_MS } from "./connection-budgets.ts";
import { createDatabase, type Database, type DatabaseOptions } from "./create-database.ts";
import { readFrom, writeTo } from "./run-queries.ts";

const opened: Database[] = [];
const open = (options: DatabaseOptions): Database => {
	const database = createDatabase(options);
	opened.push(database);
	return database;
};
afterEach(async () => {
	for (const database of opened.splice(0)) await database.close();
});

/** The error of a call (null when the call succeeded), and how long the call took. */
async function failureOf(call: Promise<unknown>): Promise<{ error: unknown; afterMs: number }> {
	const started = performance.now();
	const error: unknown = await call.then(
		() => null,
		(thrown: unknown) => thrown,
	);
	return { error, afterMs: performance.now() - started };
}

const KINDS: readonly DatabaseWork[] = [
	"accounts",
	"bookings",
	"catalogue",
	"opening",
	"administration",
	"upkeep",
	"settling",
	"rebuilding",
];
const kindAt = (place: number): DatabaseWork => KINDS[place % KINDS.length] ?? "upkeep";

const sleep = (database: Database, seconds: number, kind: DatabaseWork = "upkeep") =>
	readFrom(database, kind, (queries) => queries.execute(sql`select pg_sleep(${seconds})`));

/** A fast call, of a kind of work that a client waits for. */
const runShortQuery = (database: Database) => readFrom(database, "bookings", (queries) => queries.execute(sql`select 1`));

/** A fast call. `place` selects its kind of work, in rotation. */
const runQuery = (database: Database, place = 0) => readFrom(database, kindAt(place), (queries) => queries.execute(sql`select 1`), 2_500);

describe("createDatabase, while Postgres stops and starts again", () => {
	const scratch = makeScratchFolder();
	let server: RunningPostgres;
	beforeAll(async () => {
		server = await startPostgres({ dataDir: scratch, throwaway: true });
	});
	afterAll(async () => {
		await server.stop();
		rmSync(scratch, { recursive: true, force: true });
	});

	it("fails running and new calls within seconds while Postgres is down, and serves calls again after the restart", async () => {
		const database = open({ url: server.url });
		await database.ping();
		const inFlight = Array.from({ length: 5 }, (_, place) => failureOf(sleep(database, 30, kindAt(place))));
		await waitUntil("all five statements to run", async () => (await countSleeping(server.url)) === 5);
		await server.stop();
		for (const { error } of await Promise.all(inFlight)) expect(isDatabaseUnavailable(error)).toBe(true);

		const many = await Promise.all(Array.from({ length: 200 }, (_, place) => failureOf(runQuery(database, place))));
		for (const { error, afterMs } of many) {
			expect(isDatabaseUnavailable(error)).toBe(true);
			expect(afterMs).toBeLessThan(3_000);
		}
		const later = await failureOf(database.ping());
		expect(codeOf(later.error)).toBe("ECONNREFUSED");
		expect(later.afterMs).toBeLessThan(1_000);
		const transaction = await failureOf(writeTo(database, "accounts", (queries) => queries.transaction(() => Promise.resolve())));
		expect(isDatabaseUnavailable(transaction.error)).toBe(true);

		server = await startPostgres({ dataDir: scratch, port: server.port, throwaway: true });
		await database.ping();
		const all = await Promise.all(Array.from({ length: 50 }, (_, place) => failureOf(runQuery(database, place))));
		expect(all.filter(({ error }) => error !== null)).toEqual([]);
	});
});

describe("createDatabase, when Postgres stops during transactions", () => {
	const scratch = makeScratchFolder();
	let server: RunningPostgres;
	beforeAll(async () => {
		server = await startPostgres({ dataDir: scratch, throwaway: true });
	});
	afterAll(async () => {
		await server.stop();
		rmSync(scratch, { recursive: true, force: true });
	});

	it("fails every open transaction within 5 s, keeps the process alive, and runs transactions after the restart", async () => {
		const database = open({ url: server.url });
		const transactions = Array.from({ length: 5 }, (_, place) =>
			failureOf(
				writeTo(
					database,
					place % 2 === 0 ? "settling" : "rebuilding",
					(queries) =>
						queries.transaction(async (tx) => {
							for (;;) await tx.transaction((savepoint) => savepoint.execute(sql`select pg_sleep(0.001)`));
						}),
					30_000,
				),
			),
		);
		await waitUntil("all five transactions to run", async () => (await countInTransaction(server.url)) === 5);
		const stopping = performance.now();
		await server.stop();
		for (const { error } of await Promise.all(transactions)) expect(isDatabaseUnavailable(error)).toBe(true);
		expect(performance.now() - stopping).toBeLessThan(5_000);
		server = await startPostgres({ dataDir: scratch, port: server.port, throwaway: true });
		await database.ping();
		const later = Array.from({ length: 20 }, () =>
			failureOf(writeTo(database, "rebuilding", (queries) => queries.transaction((tx) => tx.execute(sql`select 1`)), 5_000)),
		);
		expect((await Promise.all(later)).filter(({ error }) => error !== null)).toEqual([]);
	});
});

async function countInTransaction(url: string): Promise<number> {
	const rows = await queryPostgres(url, "select 1 from pg_stat_activity where application_name = 'holdfast' and xact_start is not null");
	return rows.length;
}

async function countSleeping(url: string): Promise<number> {
	const rows = await queryPostgres(url, "select 1 from pg_stat_activity where wait_event = 'PgSleep'");
	return rows.length;
}

describe("createDatabase, with a reachable Postgres", () => {
	let test: TestDatabase;
	let url: string;
	let network: Network;
	beforeAll(async () => {
		test = await createTestDatabase();
	});
	afterAll(() => test.drop());
	beforeEach(async () => {
		network = await openNetwork(Number(new URL(test.url).port));
		const through = new URL(test.url);
		through.port = String(network.port);
		url = through.href;
	});
	afterEach(() => network.close());

	it("fails calls within the deadline while Postgres is silent, on old and new connections, and recovers afterwards", async () => {
		const database = open({ url, poolMax: 2, statementTimeoutMs: 500 });
		await database.ping();
		network.isSilent = true;
		const silent = await Promise.all(Array.from({ length: 20 }, () => failureOf(runShortQuery(database))));
		for (const { error, afterMs } of silent) {
			expect(isDatabaseUnavailable(error)).toBe(true);
			expect(afterMs).toBeLessThan(1_500);
		}
		const unconnected = open({ url, poolMax: 2, statementTimeoutMs: 500 });
		for (const { error, afterMs } of await Promise.all(Array.from({ length: 20 }, () => failureOf(runShortQuery(unconnected))))) {
			expect(isDatabaseUnavailable(error)).toBe(true);
			expect(afterMs).toBeLessThan(1_500);
		}
		network.isSilent = false;
		await waitUntil("Postgres to answer again", async () => (await failureOf(database.ping())).error === null);
	});

	it("closes a silent connection, so that no later call uses that connection", async () => {
		const database = open({ url, poolMax: 1, statementTimeoutMs: 300 });
		await database.ping();
		const [silent] = network.sockets;
		network.isSilent = true;
		await failureOf(database.ping());
		await waitUntil("the silent connection to close", () => silent?.destroyed === true, 2_000);
		network.isSilent = false;
	});

	it("cancels a statement that exceeds the statement timeout", async () => {
		const database = open({ url, statementTimeoutMs: 200 });
		const { error, afterMs } = await failureOf(sleep(database, 10));
		expect(codeOf(error)).toBe("57014");
		expect(isDatabaseUnavailable(error)).toBe(true);
		expect(afterMs).toBeLessThan(2_000);
	});

	it("refuses a call at once when fifty calls per connection are already waiting", async () => {
		const database = open({ url, poolMax: 1, statementTimeoutMs: 1_000 });
		const waiting = Array.from({ length: 50 }, () => failureOf(sleep(database, 0.005)));
		const refused = await failureOf(runQuery(database, KINDS.indexOf("upkeep")));
		expect(codeOf(refused.error)).toBe("DATABASE_OVERLOAD");
		expect(isDatabaseUnavailable(refused.error)).toBe(true);
		expect((await Promise.all(waiting)).filter(({ error }) => error !== null)).toEqual([]);
		expect((await failureOf(database.ping())).error).toBeNull();
	});

	it("sets read committed isolation and a timeout of 5 s for idle transactions, which ends their locks", async () => {
		const database = open({ url });
		const settings = await readFrom(database, "bookings", (queries) =>
			queries.execute<{ name: string; setting: string }>(
				sql`select name, setting from pg_settings where name in ('idle_in_transaction_session_timeout', 'default_transaction_isolation') order by name`,
			),
		);
		expect([...settings]).toEqual([
			{ name: "default_transaction_isolation", setting: "read committed" },
			{ name: "idle_in_transaction_session_timeout", setting: "5000" },
		]);
	});

	it("can be closed twice, and fails every call after that", async () => {
		const database = createDatabase({ url });
		await database.ping();
		await database.close();
		await database.close();
		expect(isDatabaseUnavailable((await failureOf(database.ping())).error)).toBe(true);
	});
});

describe("CONNECTION_BUDGETS", () => {
	let test: TestDatabase;
	beforeAll(async () => {
		test = await createTestDatabase();
	});
	afterAll(() => test.drop());

	it("add up to 13 connections for work that a client waits for, and 8 for work that no client waits for", () => {
		const budgets: readonly ConnectionBudget[] = Object.values(CONNECTION_BUDGETS);
		const sumOf = (patience: string) =>
			budgets.filter((budget) => budget.patience === patience).reduce((sum, { connections }) => sum + connections, 0);
		expect([sumOf("short"), sumOf("long")]).toEqual([13, 8]);
		expect([...KINDS].sort()).toEqual(Object.keys(CONNECTION_BUDGETS).sort());
	});

	it("match the table in docs/operations.md", () => {
		const page = readFileSync(new URL("../../../docs/operations.md", import.meta.url), "utf8");
		const rows = page.matchAll(/^\| `([a-z]+)` \| (\d+) \| ([\d,]+) ms \| (none|[\d,]+ ms) \|/gm);
		const numberOf = (text: string) => Number(text.replace(/,| ms/g, ""));
		const documented = Object.fromEntries(
			[...rows].map(([, kind, connections, statement = "", lock = ""]) => [
				kind,
				[Number(connections), numberOf(statement), lock === "none" ? null : numberOf(lock)],
			]),
		);
		const budgets: readonly (readonly [string, ConnectionBudget])[] = Object.entries(CONNECTION_BUDGETS);
		const actual = budgets.map(([kind, { connections, patience, lockTimeoutMs }]) => [
			kind,
			[connections, STATEMENT_TIMEOUTS_MS[patience], lockTimeoutMs],
		]);
		expect(documented).toEqual(Object.fromEntries(actual));
	});

	it.each(KINDS)("keep the connections of every other kind of work free while 60 calls of %s occupy their own", async (busy) => {
		const database = open({ url: test.url });
		const sleeping = Array.from({ length: 60 }, () => failureOf(sleep(database, 0.05, busy)));
		const { connections } = CONNECTION_BUDGETS[busy];
		const isBusy = async () => (await countSleeping(test.url)) === connections;
		await waitUntil("exactly the connections of this kind to be occupied", isBusy);
		for (const kind of KINDS.filter((other) => other !== busy)) {
			const { error, afterMs } = await failureOf(readFrom(database, kind, (queries) => queries.execute(sql`select 1`)));
			expect(error).toBeNull();
			expect(afterMs).toBeLessThan(500);
		}
		await Promise.all(sleeping);
		await waitUntil("the last sleeping call to end", async () => (await countSleeping(test.url)) === 0);
	});

	it.each(KINDS)(
		"cancel a statement of %s that waits for a lock, after the lock timeout or the statement timeout of its kind",
		async (kind) => {
			const database = open({ url: test.url, statementTimeoutMs: 1_500, longStatementTimeoutMs: 1_500 });
			const holder = postgres(test.url, { max: 1 });
			const isLocked = Promise.withResolvers<void>();
			const isDone = Promise.withResolvers<void>();
			const holding = holder.begin(async (tx) => {
				await tx`lock table movies in access exclusive mode`;
				isLocked.resolve();
				await isDone.promise;
			});
			await isLocked.promise;
			const { error, afterMs } = await failureOf(readFrom(database, kind, (queries) => queries.execute(sql`select count(*) from movies`)));
			isDone.resolve();
			await holding;
			await holder.end();
			const { lockTimeoutMs } = CONNECTION_BUDGETS[kind];
			expect(codeOf(error)).toBe(lockTimeoutMs === null ? "57014" : "55P03");
			expect(afterMs).toBeGreaterThan((lockTimeoutMs ?? 1_500) - 50);
			expect(afterMs).toBeLessThan((lockTimeoutMs ?? 1_500) + 1_000);
		},
	);

	it("let concurrent health checks share one query, so that none of 200 waits in line or is refused", async () => {
		const database = open({ url: test.url, poolMax: 1 });
		const pings = await Promise.all(Array.from({ length: 200 }, () => failureOf(database.ping())));
		expect(pings.filter(({ error }) => error !== null)).toEqual([]);
		await database.ping();
	});
});

type Network = { port: number; isSilent: boolean; readonly sockets: Set<Socket>; close: () => void };

/** A TCP proxy that can stop forwarding data without closing any connection, as when the server's host freezes. */
async function openNetwork(targetPort: number): Promise<Network> {
	const server = createServer((near) => {
		const far = connect(targetPort, "127.0.0.1");
		network.sockets.add(near);
		near.on("data", (chunk) => !network.isSilent && far.write(chunk));
		far.on("data", (chunk) => !network.isSilent && near.write(chunk));
		for (const [one, other] of [
			[near, far],
			[far, near],
		] as const) {
			one.on("error", () => {});
			one.on("close", () => other.destroy());
		}
	});
	const network: Network = {
		port: 0,
		isSilent: false,
		sockets: new Set(),
		close: () => {
			for (const socket of network.sockets) socket.destroy();
			server.close();
		},
	};
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	if (address === null || typeof address === "string") throw new Error("the server has no port");
	network.port = address.port;
	return network;
}
