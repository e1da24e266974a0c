/** The API as a process that connects to Postgres as the owner of the tables, or as the role of the application. */
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { findFreePort } from "@holdfast/local-stack";
import { createTestDatabase, spawnApp, waitUntil } from "@holdfast/testing";
import { afterAll, expect, it } from "vitest";

const SERVER = join(import.meta.dirname, "server.ts");
/** It takes a second or two on an idle machine. On a loaded machine the imports are slow. */
const START_DEADLINE_MS = 60_000;
const children: ChildProcess[] = [];
afterAll(() => {
	for (const child of children) child.kill("SIGKILL");
});

it.each([
	["logs one warning when it connects as the owner of the tables, however many workers it has", "ownerUrl", 1],
	["logs no warning about its role when the role is that of the application", "url", 0],
] as const)("the API %s", async (_what, url, warnings) => {
	const [database, port] = await Promise.all([createTestDatabase(), findFreePort()]);
	const { child, ended, printed } = spawnApp(SERVER, {
		PATH: process.env.PATH,
		PORT: String(port),
		WORKERS: "2",
		DATABASE_URL: database[url],
		// The role is checked without Redis.
		REDIS_URL: "redis://127.0.0.1:9",
		JWT_SECRET: "a secret that only this test knows",
	});
	children.push(child);
	const isListening = () =>
		fetch(`http://127.0.0.1:${port}/livez`)
			.then(({ ok }) => ok)
			.catch(() => false);
	await waitUntil("the API to listen", isListening, START_DEADLINE_MS);
	child.kill("SIGTERM");
	expect(await ended).toBe(0);
	const logged = printed.out.split("\n").filter((line) => line.includes("audit trail not protected"));
	expect(logged).toHaveLength(warnings);
	for (const line of logged)
		expect(JSON.parse(line)).toMatchObject({
			level: 40,
			role: new URL(database.ownerUrl).username,
			advice: expect.stringContaining("DATABASE_OWNER_URL"),
		});
	await database.drop();
});
