import { rmSync } from "node:fs";
import { makeScratchFolder, queryPostgres, type RunningPostgres, startPostgres } from "@holdfast/local-stack";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isDatabaseWritable } from "./check-writable.ts";
import { createDatabase, type Database } from "./create-database.ts";
import { writeTo } from "./run-queries.ts";

const scratch = makeScratchFolder();
let server: RunningPostgres;
beforeAll(async () => {
	server = await startPostgres({ dataDir: scratch, throwaway: true });
});
afterAll(async () => {
	await server.stop();
	rmSync(scratch, { recursive: true, force: true });
});

let database: Database;
beforeEach(async () => {
	database = createDatabase({ url: server.url });
	// These sessions exist before any setting changes.
	await Promise.all(Array.from({ length: 5 }, () => database.ping()));
});
afterEach(() => database.close());

/** Runs a statement as an admin. The admin's own session is writable, whatever the settings under test say. */
const admin = (statement: string) => queryPostgres(`${server.url}?options=-c%20default_transaction_read_only%3Doff`, statement);

async function canWrite(): Promise<boolean> {
	try {
		await writeTo(database, "upkeep", (queries) => queries.execute(sql`create table if not exists written (at int)`));
		return true;
	} catch {
		return false;
	}
}

describe("isDatabaseWritable", () => {
	it.each([
		["alter database holdfast set default_transaction_read_only = on", "alter database holdfast reset default_transaction_read_only"],
		["alter role holdfast set default_transaction_read_only = on", "alter role holdfast reset default_transaction_read_only"],
		[
			"alter role holdfast in database holdfast set default_transaction_read_only = on",
			"alter role holdfast in database holdfast reset default_transaction_read_only",
		],
		["alter system set default_transaction_read_only = on", "alter system reset default_transaction_read_only"],
	])("returns false right after %s, and true again once the setting is reset", async (makeReadOnly, makeWritable) => {
		const reload = () => admin("select pg_reload_conf()");
		expect(await isDatabaseWritable(database)).toBe(true);
		await admin(makeReadOnly);
		await reload();
		await waitUntilWritable(false);
		// Sessions that were opened in the meantime stay read-only until they are closed.
		await database.close();
		database = createDatabase({ url: server.url });
		expect([await isDatabaseWritable(database), await canWrite()]).toEqual([false, false]);
		await admin(makeWritable);
		await reload();
		await waitUntilWritable(true);
		expect(await canWrite()).toBe(true);
	});

	it("lets the setting of a role override the setting of a database", async () => {
		await admin("alter database holdfast set default_transaction_read_only = on");
		await admin("alter role holdfast set default_transaction_read_only = off");
		expect(await isDatabaseWritable(database)).toBe(true);
		await admin("alter role holdfast reset default_transaction_read_only");
		await admin("alter database holdfast reset default_transaction_read_only");
	});

	it("throws when Postgres cannot be reached", async () => {
		const unreachable = createDatabase({ url: "postgres://127.0.0.1:9/nothing" });
		await expect(isDatabaseWritable(unreachable)).rejects.toThrow("ECONNREFUSED");
		await unreachable.close();
	});
});

it("a read-only session that refused a write is replaced, so that a later call can write", async () => {
	await database.close();
	await admin("alter role holdfast set default_transaction_read_only = on");
	database = createDatabase({ url: server.url });
	expect(await canWrite()).toBe(false);
	await admin("alter role holdfast reset default_transaction_read_only");
	const startMs = performance.now();
	while (!(await canWrite())) expect(performance.now() - startMs).toBeLessThan(2_000);
});

async function waitUntilWritable(isWritable: boolean): Promise<void> {
	const startMs = performance.now();
	while ((await isDatabaseWritable(database)) !== isWritable) expect(performance.now() - startMs).toBeLessThan(2_000);
}
