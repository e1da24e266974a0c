/** The API as a process: it starts without its stores, survives their loss, and exits cleanly. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { migrateDatabase } from "@holdfast/database";
import { findFreePort, makeScratchFolder, type RunningPostgres, type RunningRedis, startPostgres, startRedis } from "@holdfast/local-stack";
import { insertShowtimes, insertUsers, mintTokens, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";

const JWT_SECRET = "a secret that only this test knows";
/** It takes a second or two on an idle machine. On a loaded machine the imports are slow. */
const START_DEADLINE_MS = 60_000;
const SERVER = join(import.meta.dirname, "server.ts");

let ports: { api: number; redis: number; postgres: number };
let folders: { redis: string; postgres: string };
let redis: RunningRedis | null = null;
let postgres: RunningPostgres | null = null;
beforeAll(async () => {
	ports = { api: await findFreePort(), redis: await findFreePort(), postgres: await findFreePort() };
	folders = { redis: makeScratchFolder(), postgres: makeScratchFolder() };
});
afterAll(async () => {
	await Promise.all([redis?.stop(), postgres?.stop()]);
});

function run(environment: Record<string, string>) {
	const child = spawn(process.execPath, [SERVER], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
	const output: string[] = [];
	for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => output.push(chunk.toString()));
	const ended = once(child, "exit").then(([code, signal]: unknown[]) => ({ code, signal }));
	return { child, output, ended };
}

const ask = async (path: string, options: RequestInit = {}) => {
	const answer = await fetch(`http://127.0.0.1:${ports.api}${path}`, options);
	return { status: answer.status, body: Object(await answer.json()) };
};

it("the API does not start without settings, and prints each missing one", async () => {
	const { output, ended } = run({ PATH: process.env.PATH ?? "" });
	expect((await ended).code).toBe(1);
	expect(output.join("")).toMatch(
		/^DATABASE_URL is required\nREDIS_URL is required\nJWT_SECRET is required and must have at least 32 characters\n$/,
	);
});

it("the API starts with both stores down, serves what it can as they come and go, and exits cleanly on SIGTERM", async () => {
	const { child, output, ended } = run({
		PATH: process.env.PATH ?? "",
		PORT: String(ports.api),
		REDIS_URL: `redis://127.0.0.1:${ports.redis}`,
		DATABASE_URL: `postgres://holdfast_app@127.0.0.1:${ports.postgres}/holdfast`,
		JWT_SECRET,
	});
	const health = async () => (await ask("/api/v1/health")).body.status;
	await waitUntil(
		"the API to listen",
		() =>
			ask("/livez")
				.then(({ status }) => status === 200)
				.catch(() => false),
		START_DEADLINE_MS,
	);
	expect(await health()).toBe("down");

	redis = await startRedis({ dataDir: folders.redis, port: ports.redis });
	await waitUntil("Redis to be connected", async () => (await health()) === "degraded");
	postgres = await startPostgres({ dataDir: folders.postgres, port: ports.postgres, throwaway: true });
	await migrateDatabase(postgres.url, postgres.applicationUrl);
	await waitUntil("Postgres to be connected", async () => (await ask("/api/v1/movies")).status === 200);

	const [userId] = await insertUsers(postgres.url, 1);
	const [showtimeId] = (await insertShowtimes(postgres.url)).showtimeIds;
	const [token] = mintTokens(JWT_SECRET, userId === undefined ? [] : [userId]);
	const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
	const hold = (seat: string) => ask("/api/v1/bookings", { method: "POST", headers, body: JSON.stringify({ showtimeId, seats: [seat] }) });
	expect((await hold("A1")).status).toBe(201);

	postgres.kill("SIGKILL");
	await postgres.ended;
	expect((await hold("A2")).status).toBe(201);
	expect((await ask("/api/v1/movies")).body.code).toBe("unavailable");
	redis.kill("SIGKILL");
	await redis.ended;
	await waitUntil("the loss of Redis to be detected", async () => (await health()) === "down");
	expect((await hold("A3")).body.code).toBe("unavailable");
	expect((await ask("/livez")).status).toBe(200);

	child.kill("SIGTERM");
	expect(await ended).toEqual({ code: 0, signal: null });
	const lines = output
		.join("")
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line));
	expect(lines.filter(({ level }) => level >= 60)).toEqual([]);
	expect(output.join("")).not.toContain(token);
});
