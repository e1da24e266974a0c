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
	// Sessions that exist before anything changes.
	await Promise.all(Array.from({ length: 5 }, () => database.ping()));
});
afterEach(() => database.close());

/** As an admin whose own session is writable whatever was set. */
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
	])("is false at once after %s, and true again once that is taken back", async (spoil, mend) => {
		const reload = () => admin("select pg_reload_conf()");
		expect(await isDatabaseWritable(database)).toBe(true);
		await admin(spoil);
		await reload();
		await untilSays(false);
		// Some sessions were made meanwhile, and are read-only for as long as they live.
		await database.close();
		database = createDatabase({ url: server.url });
		expect([await isDatabaseWritable(database), await canWrite()]).toEqual([false, false]);
		await admin(mend);
		await reload();
		await untilSays(true);
		expect(await canWrite()).toBe(true);
	});

	it("heeds the setting of a role before the setting of a database", async () => {
		await admin("alter database holdfast set default_transaction_read_only = on");
		await admin("alter role holdfast set default_transaction_read_only = off");
		expect(await isDatabaseWritable(database)).toBe(true);
		await admin("alter role holdfast reset default_transaction_read_only");
		await admin("alter database holdfast reset default_transaction_read_only");
	});

	it("throws when Postgres does not answer", async () => {
		const nowhere = createDatabase({ url: "postgres://127.0.0.1:9/nothing" });
		await expect(isDatabaseWritable(nowhere)).rejects.toThrow("ECONNREFUSED");
		await nowhere.close();
	});
});

it("a session that refused a write because it is read-only is left, so that the next call can write", async () => {
	await database.close();
	await admin("alter role holdfast set default_transaction_read_only = on");
	database = createDatabase({ url: server.url });
	expect(await canWrite()).toBe(false);
	await admin("alter role holdfast reset default_transaction_read_only");
	const startMs = performance.now();
	while (!(await canWrite())) expect(performance.now() - startMs).toBeLessThan(2_000);
});

async function untilSays(isWritable: boolean): Promise<void> {
	const startMs = performance.now();
	while ((await isDatabaseWritable(database)) !== isWritable) expect(performance.now() - startMs).toBeLessThan(2_000);
}
