import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeScratchFolder } from "../make-scratch-folder.ts";
import { queryPostgres } from "../postgres/query-postgres.ts";
import { startPostgres } from "../postgres/start-postgres.ts";
import { isAlive } from "../process/is-alive.ts";
import { REPOSITORY_ROOT } from "../repository.ts";
import { readStackFile, type StackInfo } from "../stack/stack-file.ts";
import { waitForHealth } from "../stack/start-apps.ts";

/**
 * The program behind `npm start`, with its own data folder and port. The tests build on each other: each one continues with the
 * state that the previous one left.
 */
const dataDir = makeScratchFolder();
const env = { PATH: process.env.PATH, HOME: process.env.HOME, DATA_DIR: dataDir };
const entry = join(REPOSITORY_ROOT, "packages/local-stack/src/bin/start.ts");

type Runner = { readonly child: ChildProcess; readonly output: () => string; readonly code: Promise<number | null> };

let runner: Runner;
let info: StackInfo;

function run(extra: Record<string, string> = {}): Runner {
	const child = spawn(process.execPath, [entry], { env: { ...env, PORT: "0", ...extra }, stdio: ["ignore", "pipe", "pipe"] });
	let output = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.on("data", (chunk) => {
			output += String(chunk);
		});
	}
	return { child, output: () => output, code: once(child, "close").then(([code]) => code) };
}

async function runUntilReady(): Promise<void> {
	runner = run();
	while (!runner.output().includes("Ctrl-C stops everything")) {
		if (runner.child.exitCode !== null) throw new Error(runner.output());
		await delay(50);
	}
	const written = readStackFile(dataDir);
	if (written === null) throw new Error("no stack.json was written");
	info = written;
}

function inBash(script: string): Promise<string> {
	return new Promise((resolve, reject) => {
		execFile("bash", ["-c", script], { cwd: REPOSITORY_ROOT, env, encoding: "utf8" }, (error, stdout, stderr) =>
			error === null ? resolve(stdout) : reject(new Error(`${stdout}${stderr}`, { cause: error })),
		);
	});
}

function countSoldSeats(): Promise<string> {
	return inBash('node scripts/run.mjs sql "select count(*)::text as sold from booking_seats where released_at is null"');
}

const untilHealthy = () => waitForHealth(info.apiUrl, []);

/** Resolves when the showtime of the walkthrough answers: after a restart of Redis it answers 503 until it is rebuilt. */
async function untilWalkthroughWorks(): Promise<void> {
	await untilHealthy();
	const ask = async (path: string): Promise<string | null> => {
		const answer = await fetch(`${info.apiUrl}/api/v1${path}`);
		return answer.ok ? answer.text() : null;
	};
	const firstOf = async (path: string) => /"items":\[\{"id":"([^"]+)"/.exec((await ask(path)) ?? "")?.[1];
	for (;;) {
		const movieId = await firstOf("/movies?status=now_showing");
		const showtimeId = movieId && (await firstOf(`/movies/${movieId}/showtimes`));
		if (showtimeId && (await ask(`/showtimes/${showtimeId}/seats`)) !== null) return;
		await delay(50);
	}
}

const pidIn = (file: string) => Number.parseInt(readFileSync(join(dataDir, file), "utf8"), 10);

beforeAll(runUntilReady);

afterAll(async () => {
	runner.child.kill("SIGTERM");
	await runner.code;
	rmSync(dataDir, { recursive: true });
});

test("the printed walkthrough runs in bash and ends with two sold seats in PostgreSQL", async () => {
	const walkthrough = /^API=[\s\S]*?run\.mjs sql .*$/m.exec(runner.output())?.[0] ?? "";
	const printed = await inBash(walkthrough);
	expect(printed).toContain('"status":"confirmed"');
	expect(printed).toMatch(/2 rows\n$/);
	expect(await countSoldSeats()).toMatch(/'2'/);
});

test("stack.json and secrets.json can be read by their owner only", () => {
	expect(statSync(join(dataDir, "stack.json")).mode & 0o777).toBe(0o600);
	expect(statSync(join(dataDir, "secrets.json")).mode & 0o777).toBe(0o600);
});

test("a second start on the same data folder fails, and the first one keeps running", async () => {
	const second = run();
	expect(await second.code).toBe(1);
	expect(second.output()).toContain(`Process ${runner.child.pid} already runs Holdfast in ${dataDir}`);
	await untilHealthy();
});

test("a start on a port in use names the port, the process that uses it, and another port to try", async () => {
	const { port } = new URL(info.apiUrl);
	const other = makeScratchFolder();
	const second = run({ DATA_DIR: other, PORT: port });
	expect(await second.code).toBe(1);
	expect(second.output()).toMatch(new RegExp(`Port ${port} is in use by process \\d+ \\(.*server\\.ts\\)`));
	expect(second.output()).toContain(`PORT=${Number(port) + 1} npm start`);
	rmSync(other, { recursive: true });
});

test("a killed Redis is restarted on the same port with its data", async () => {
	process.kill(pidIn("redis/redis.pid"), "SIGKILL");
	while (!runner.output().includes("Redis stopped unexpectedly; restarting it")) await delay(20);
	await untilWalkthroughWorks();
	const walkthrough = /^API=[\s\S]*?run\.mjs sql .*$/m.exec(runner.output())?.[0] ?? "";
	expect(await inBash(walkthrough)).toMatch(/2 rows\n$/);
	expect(await countSoldSeats()).toMatch(/'4'/);
});

test("a start after a killed runner stops the orphaned Redis and has the same data and secrets", async () => {
	const before = info;
	const orphan = pidIn("redis/redis.pid");
	runner.child.kill("SIGKILL");
	await runner.code;
	await runUntilReady();
	expect(isAlive(orphan) && orphan !== pidIn("redis/redis.pid")).toBe(false);
	expect(info).toMatchObject({ admin: before.admin, jwtSecret: before.jwtSecret });
	expect(await countSoldSeats()).toMatch(/'4'/);
});

test("SIGTERM stops every process that npm start started and keeps the data", async () => {
	const pids = [
		pidIn("redis/redis.pid"),
		...JSON.parse(readFileSync(join(dataDir, "runner.json"), "utf8")).children.map(({ pid }: { pid: number }) => pid),
	];
	expect(pids).toHaveLength(3);
	runner.child.kill("SIGTERM");
	expect(await runner.code).toBe(0);
	expect(runner.output()).toContain("the data is kept");
	expect(pids.filter(isAlive)).toEqual([]);
	expect(existsSync(join(dataDir, "stack.json"))).toBe(false);
});

test("a data folder from before the application had a role of its own goes on working, and gets that role", async () => {
	const postgres = await startPostgres({ dataDir: join(dataDir, "postgres") });
	await queryPostgres(postgres.url, "drop owned by holdfast_app; drop role holdfast_app");
	await postgres.stop();
	await runUntilReady();
	await untilWalkthroughWorks();
	const walkthrough = /^API=[\s\S]*?run\.mjs sql .*$/m.exec(runner.output())?.[0] ?? "";
	expect(await inBash(walkthrough)).toMatch(/2 rows\n$/);
	expect(await countSoldSeats()).toMatch(/'6'/);
	expect(await inBash('node scripts/run.mjs sql "select current_user as role"')).toContain("'holdfast_app'");
	expect(runner.output()).not.toContain("Warning");
});
