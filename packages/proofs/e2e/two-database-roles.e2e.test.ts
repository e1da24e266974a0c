/** `npm start` and the commands on a given PostgreSQL: with one role for everything, and then with one role for the owner and one for the apps. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeScratchFolder, queryPostgres, type RunningPostgres, readStackFile, startPostgres } from "@holdfast/local-stack";
import { type SpawnedApp, spawnApp, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";

const START_DEADLINE_MS = 90_000;
const start = fileURLToPath(new URL("../../local-stack/src/bin/start.ts", import.meta.url));
const runOnStores = fileURLToPath(new URL("../../local-stack/src/bin/run-on-stores.ts", import.meta.url));
const runner = fileURLToPath(new URL("../../../scripts/run.mjs", import.meta.url));

let dataDir: string;
let postgresDir: string;
let postgres: RunningPostgres;
let started: SpawnedApp | null = null;
beforeAll(async () => {
	[dataDir, postgresDir] = [makeScratchFolder(), makeScratchFolder()];
	postgres = await startPostgres({ dataDir: postgresDir, throwaway: true });
});
afterAll(async () => {
	started?.child.kill("SIGTERM");
	await started?.ended;
	await postgres.stop();
	for (const folder of [dataDir, postgresDir]) rmSync(folder, { recursive: true, force: true });
});

const environment = (own: Record<string, string>) => ({
	PATH: process.env.PATH,
	HOME: process.env.HOME,
	DATA_DIR: dataDir,
	PORT: "0",
	...own,
});

async function startWith(urls: Record<string, string>): Promise<string> {
	const { printed, ended, child } = spawnApp(start, environment(urls));
	started = { printed, ended, child };
	await waitUntil(
		"npm start to be ready",
		async () => {
			if (child.exitCode !== null) throw new Error(printed.err);
			return printed.out.includes("Ctrl-C stops everything");
		},
		START_DEADLINE_MS,
	);
	return printed.out;
}

/** Runs a root command; `printed` has its output once `code` is known. */
async function run(args: readonly string[], urls: Record<string, string> = {}) {
	const { printed, ended } = spawnApp(runner, environment(urls), args);
	return { code: await ended, ...printed };
}

it("npm start with DATABASE_URL alone runs the product as the owner, and warns that the audit trail is not protected", async () => {
	const printed = await startWith({ DATABASE_URL: postgres.url });
	expect(printed).toMatch(/^Warning: The audit trail is not protected from the application: its role holdfast is a superuser .*\.$/m);
	expect(readFileSync(join(dataDir, "logs/api.log"), "utf8")).toContain('"audit trail not protected"');
	started?.child.kill("SIGTERM");
	expect(await started?.ended).toBe(0);
});

it("npm start with both URLs creates the role of the application on the data of the owner, and warns no more", async () => {
	const urls = { DATABASE_URL: postgres.applicationUrl, DATABASE_OWNER_URL: postgres.url };
	expect(await startWith(urls)).not.toContain("Warning");
	expect(readStackFile(dataDir)).toMatchObject({ databaseUrl: urls.DATABASE_URL, databaseOwnerUrl: urls.DATABASE_OWNER_URL });
	const sessions = await queryPostgres(
		postgres.url,
		"select distinct application_name as app, usename as role from pg_stat_activity where application_name in ('holdfast-api', 'holdfast-sweeper') order by 1",
	);
	expect(sessions).toEqual(["holdfast-api", "holdfast-sweeper"].map((app) => ({ app, role: "holdfast_app" })));
});

it.runIf(process.platform === "linux")("neither the API nor the sweeper knows the owner's URL", () => {
	const { children } = JSON.parse(readFileSync(join(dataDir, "runner.json"), "utf8"));
	const environments = children.map(({ pid }: { pid: number }) => readFileSync(`/proc/${pid}/environ`, "utf8"));
	expect(environments.filter((text: string) => text.includes("\0DATABASE_URL="))).toHaveLength(2);
	expect(environments.filter((text: string) => text.includes("DATABASE_OWNER_URL="))).toEqual([]);
});

it("commands connect as the role of the application, and db:migrate as the owner", async () => {
	const shown = await run(["sql", "select current_user as role"]);
	expect(shown.out).toContain("'holdfast_app'");
	const refused = await run(["sql", "truncate refunds"]);
	expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("permission denied for table refunds")]);
	expect(await run(["db:migrate"])).toMatchObject({ code: 0, out: "migrations: all applied\n" });
	const alone = await run(["db:migrate"], { DATABASE_URL: postgres.applicationUrl });
	expect(alone.code).toBe(1);
	expect(alone.err).toContain("permission denied");
});

it("a tool of the product gets no owner's URL, even from the environment", async () => {
	const urls = { DATABASE_URL: postgres.applicationUrl, DATABASE_OWNER_URL: postgres.url };
	const { printed, ended } = spawnApp(runOnStores, environment(urls), ["-p", "[process.env.DATABASE_URL, process.env.DATABASE_OWNER_URL]"]);
	expect(await ended).toBe(0);
	expect(printed.out).toBe(`[ '${urls.DATABASE_URL}', undefined ]\n`);
});

it("a command refuses DATABASE_OWNER_URL without DATABASE_URL", async () => {
	const refused = await run(["db:migrate"], { DATABASE_OWNER_URL: postgres.url });
	expect(refused).toMatchObject({
		code: 1,
		err: "DATABASE_OWNER_URL is set and DATABASE_URL is not. Nothing was done. Set both, or neither.\n",
	});
});
