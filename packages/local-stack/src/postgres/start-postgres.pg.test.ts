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

test("startPostgres runs PostgreSQL 18 with the names and limits of POSTGRES_DEFAULTS", async () => {
	const { url, applicationUrl } = await start(scratch());
	const rows = await queryPostgres(
		url,
		`select current_setting('server_version_num')::int / 10000 as version, current_user as user, current_database() as database,
		 current_setting('max_connections') as "connectionsMax", current_setting('server_encoding') as encoding, datcollate as locale
		 from pg_database where datname = current_database()`,
	);
	const { connectionsMax, applicationUser, ...names } = POSTGRES_DEFAULTS;
	expect(new URL(applicationUrl).username).toBe(applicationUser);
	expect(rows).toEqual([{ version: "18", connectionsMax: String(connectionsMax), ...names }]);
});

test("a committed row survives kill -9 and a new start on the same data folder", async () => {
	const folder = scratch();
	const first = await start(folder);
	await queryPostgres(first.url, "create table kept as select 1 as one");
	first.kill("SIGKILL");
	await first.ended;
	const second = await start(folder);
	expect(await queryPostgres(second.url, "select * from kept")).toEqual([{ one: "1" }]);
});

test("a second start on a data folder stops the server that still runs on it", async () => {
	const folder = scratch();
	const orphan = await start(folder);
	await start(folder);
	expect(orphan.isRunning()).toBe(false);
});

test.runIf(process.getuid?.() === 0)(
	"root's unreachable data folder is replaced by one in /var/tmp, which the next start finds",
	async () => {
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
	},
);
