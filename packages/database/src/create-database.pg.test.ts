import { rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { makeScratchFolder, queryPostgres, type RunningPostgres, startPostgres } from "@holdfast/local-stack";
import { createTestDatabase, type TestDatabase, waitUntil } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { codeOf, isDatabaseUnavailable } from "./classify-error.ts";
import { createDatabase, type Database, type DatabaseOptions } from "./create-database.ts";

const opened: Database[] = [];
const open = (options: DatabaseOptions): Database => {
	const database = createDatabase(options);
	opened.push(database);
	return database;
};
afterEach(async () => {
	for (const database of opened.splice(0)) await database.close();
});

/** How a call ends: its error, and after how long. */
async function failureOf(call: Promise<unknown>): Promise<{ error: unknown; afterMs: number }> {
	const started = performance.now();
	const error: unknown = await call.then(
		() => null,
		(thrown: unknown) => thrown,
	);
	return { error, afterMs: performance.now() - started };
}

const sleep = (database: Database, seconds: number) => database.run((queries) => queries.execute(sql`select pg_sleep(${seconds})`));

describe("a Postgres that stops, dies and comes back", () => {
	const scratch = makeScratchFolder();
	let server: RunningPostgres;
	beforeAll(async () => {
		server = await startPostgres({ dataDir: scratch, throwaway: true });
	});
	afterAll(async () => {
		await server.stop();
		rmSync(scratch, { recursive: true, force: true });
	});

	it("fails what is in flight and what is asked, soon, and serves again once it is back", async () => {
		const database = open({ url: server.url });
		await database.ping();
		const inFlight = Array.from({ length: 5 }, () => failureOf(sleep(database, 30)));
		await waitUntil("the statements run", async () => (await countSleeping(server.url)) === 5);
		await server.stop();
		for (const { error } of await Promise.all(inFlight)) expect(isDatabaseUnavailable(error)).toBe(true);

		const many = await Promise.all(Array.from({ length: 200 }, () => failureOf(database.ping())));
		for (const { error, afterMs } of many) {
			expect(isDatabaseUnavailable(error)).toBe(true);
			expect(afterMs).toBeLessThan(3_000);
		}
		const later = await failureOf(database.ping());
		expect(codeOf(later.error)).toBe("ECONNREFUSED");
		expect(later.afterMs).toBeLessThan(1_000);
		const transaction = await failureOf(database.run((queries) => queries.transaction(() => Promise.resolve())));
		expect(isDatabaseUnavailable(transaction.error)).toBe(true);

		server = await startPostgres({ dataDir: scratch, port: server.port, throwaway: true });
		await database.ping();
		const all = await Promise.all(Array.from({ length: 50 }, () => failureOf(database.ping())));
		expect(all.filter(({ error }) => error !== null)).toEqual([]);
	});
});

describe("a Postgres that dies in the middle of transactions", () => {
	const scratch = makeScratchFolder();
	let server: RunningPostgres;
	beforeAll(async () => {
		server = await startPostgres({ dataDir: scratch, throwaway: true });
	});
	afterAll(async () => {
		await server.stop();
		rmSync(scratch, { recursive: true, force: true });
	});

	it("fails each of them soon, ends no process, and serves again", async () => {
		const database = open({ url: server.url });
		const transactions = Array.from({ length: 5 }, () =>
			failureOf(
				database.runLong(
					(queries) =>
						queries.transaction(async (tx) => {
							for (;;) await tx.transaction((savepoint) => savepoint.execute(sql`select pg_sleep(0.001)`));
						}),
					30_000,
				),
			),
		);
		await waitUntil("they run", async () => (await countInTransaction(server.url)) === 5);
		const stopping = performance.now();
		await server.stop();
		for (const { error } of await Promise.all(transactions)) expect(isDatabaseUnavailable(error)).toBe(true);
		expect(performance.now() - stopping).toBeLessThan(5_000);
		server = await startPostgres({ dataDir: scratch, port: server.port, throwaway: true });
		await database.ping();
		const later = Array.from({ length: 20 }, () =>
			failureOf(database.runLong((queries) => queries.transaction((tx) => tx.execute(sql`select 1`)), 5_000)),
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

describe("a Postgres that is there", () => {
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

	it("but silent: calls on old and new connections fail within the deadline, and work once it speaks again", async () => {
		const database = open({ url, poolMax: 2, statementTimeoutMs: 500 });
		await database.ping();
		network.isSilent = true;
		const silent = await Promise.all(Array.from({ length: 20 }, () => failureOf(database.ping())));
		for (const { error, afterMs } of silent) {
			expect(isDatabaseUnavailable(error)).toBe(true);
			expect(afterMs).toBeLessThan(1_500);
		}
		const neverMet = open({ url, poolMax: 2, statementTimeoutMs: 500 });
		for (const { error, afterMs } of await Promise.all(Array.from({ length: 20 }, () => failureOf(neverMet.ping())))) {
			expect(isDatabaseUnavailable(error)).toBe(true);
			expect(afterMs).toBeLessThan(1_500);
		}
		network.isSilent = false;
		await waitUntil("it answers again", async () => (await failureOf(database.ping())).error === null);
	});

	it("a connection that fell silent is given up, so that it is not asked again", async () => {
		const database = open({ url, poolMax: 1, statementTimeoutMs: 300 });
		await database.ping();
		const [silent] = network.sockets;
		network.isSilent = true;
		await failureOf(database.ping());
		await waitUntil("the silent connection is closed", () => silent?.destroyed === true, 2_000);
		network.isSilent = false;
	});

	it("gives up a statement that takes too long", async () => {
		const database = open({ url, statementTimeoutMs: 200 });
		const { error, afterMs } = await failureOf(sleep(database, 10));
		expect(codeOf(error)).toBe("57014");
		expect(isDatabaseUnavailable(error)).toBe(true);
		expect(afterMs).toBeLessThan(2_000);
	});

	it("refuses a call at once when fifty for each connection wait already", async () => {
		const database = open({ url, poolMax: 1, statementTimeoutMs: 1_000 });
		const waiting = Array.from({ length: 50 }, () => failureOf(sleep(database, 0.005)));
		const refused = await failureOf(database.ping());
		expect(codeOf(refused.error)).toBe("DATABASE_OVERLOAD");
		expect(isDatabaseUnavailable(refused.error)).toBe(true);
		expect((await Promise.all(waiting)).filter(({ error }) => error !== null)).toEqual([]);
		expect((await failureOf(database.ping())).error).toBeNull();
	});

	it("ends a transaction whose client says nothing more, with its locks", async () => {
		const database = open({ url });
		const settings = await database.run((queries) =>
			queries.execute<{ name: string; setting: string }>(
				sql`select name, setting from pg_settings where name in ('idle_in_transaction_session_timeout', 'default_transaction_isolation') order by name`,
			),
		);
		expect([...settings]).toEqual([
			{ name: "default_transaction_isolation", setting: "read committed" },
			{ name: "idle_in_transaction_session_timeout", setting: "5000" },
		]);
	});

	it("closes twice without complaint, and a call after that fails", async () => {
		const database = createDatabase({ url });
		await database.ping();
		await database.close();
		await database.close();
		expect(isDatabaseUnavailable((await failureOf(database.ping())).error)).toBe(true);
	});
});

type Network = { port: number; isSilent: boolean; readonly sockets: Set<Socket>; close: () => void };

/** A way to a server that can fall silent without closing anything, as a stopped host does. */
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
	if (address === null || typeof address === "string") throw new Error("the server listens on a port");
	network.port = address.port;
	return network;
}
