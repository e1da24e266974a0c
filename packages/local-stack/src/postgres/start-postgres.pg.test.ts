import { chmodSync, existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeScratchFolder } from "../make-scratch-folder.ts";
import { POSTGRES_DEFAULTS } from "./postgres-defaults.ts";
import { queryPostgres } from "./query-postgres.ts";
import { type RunningPostgres, startPostgres } from "./start-postgres.ts";

async function start(dataDir: string): Promise<RunningPostgres> {
	const postgres = await startPostgres({ dataDir });
	onTestFinished(() => postgres.stop());
	return postgres;
}

function scratch(): string {
	const folder = makeScratchFolder();
	onTestFinished(() => rmSync(folder, { recursive: true }));
	return folder;
}

test("is PostgreSQL 18 with the settings that docker-compose.yml has too", async () => {
	const { url } = await start(scratch());
	const rows = await queryPostgres(
		url,
		`select current_setting('server_version_num')::int / 10000 as version, current_user as user, current_database() as database,
		 current_setting('max_connections') as "connectionsMax", current_setting('server_encoding') as encoding, datcollate as locale
		 from pg_database where datname = current_database()`,
	);
	const { connectionsMax, ...names } = POSTGRES_DEFAULTS;
	expect(rows).toEqual([{ version: "18", connectionsMax: String(connectionsMax), ...names }]);
});

test("keeps a committed row over a kill -9 and a new start on the same folder", async () => {
	const folder = scratch();
	const first = await start(folder);
	await queryPostgres(first.url, "create table kept as select 1 as one");
	first.kill("SIGKILL");
	await first.ended;
	const second = await start(folder);
	expect(await queryPostgres(second.url, "select * from kept")).toEqual([{ one: "1" }]);
});

test("a second start on a folder ends the server that a killed runner left there", async () => {
	const folder = scratch();
	const left = await start(folder);
	await start(folder);
	expect(left.isRunning()).toBe(false);
});

test.runIf(process.getuid?.() === 0)("finds a place of its own, again and again, where root's folder is closed to nobody", async () => {
	const folder = scratch();
	chmodSync(folder, 0o700);
	const dataDir = join(folder, "postgres");
	const first = await start(dataDir);
	const elsewhere = readFileSync(join(dataDir, "postgres.location"), "utf8").trim();
	onTestFinished(() => rmSync(elsewhere, { recursive: true }));
	await queryPostgres(first.url, "create table kept as select 1 as one");
	await first.stop();
	const second = await start(dataDir);
	expect(await queryPostgres(second.url, "select * from kept")).toEqual([{ one: "1" }]);
	expect(existsSync(join(dataDir, "cluster"))).toBe(false);
	expect(statSync(join(elsewhere, "cluster")).mode & 0o777).toBe(0o700);
});
