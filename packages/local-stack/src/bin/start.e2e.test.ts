import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeScratchFolder } from "../make-scratch-folder.ts";
import { isAlive } from "../process/is-alive.ts";
import { REPOSITORY_ROOT } from "../repository.ts";
import { readStackFile, type StackInfo } from "../stack/stack-file.ts";
import { waitForHealth } from "../stack/start-apps.ts";

/** What `npm start` hands over to, on a folder and a port of its own. The tests follow one another, as its user's day does. */
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

/** The showtime that the walk picks is rebuilt first after Redis came back, and answers 503 until then. */
async function untilWalkable(): Promise<void> {
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

test("the walk that it prints, pasted into bash, ends in two seats of the ledger", async () => {
	const walk = /^API=[\s\S]*?run\.mjs sql .*$/m.exec(runner.output())?.[0] ?? "";
	const printed = await inBash(walk);
	expect(printed).toContain('"status":"confirmed"');
	expect(printed).toMatch(/2 rows\n$/);
	expect(await countSoldSeats()).toMatch(/'2'/);
});

test("what it writes down for scripts is for its owner only", () => {
	expect(statSync(join(dataDir, "stack.json")).mode & 0o777).toBe(0o600);
	expect(statSync(join(dataDir, "secrets.json")).mode & 0o777).toBe(0o600);
});

test("a second one on the same folder is refused, and the first goes on", async () => {
	const second = run();
	expect(await second.code).toBe(1);
	expect(second.output()).toContain(`Process ${runner.child.pid} already runs Holdfast on ${dataDir}`);
	await untilHealthy();
});

test("a taken port is named, with who has it and what to do", async () => {
	const { port } = new URL(info.apiUrl);
	const other = makeScratchFolder();
	const second = run({ DATA_DIR: other, PORT: port });
	expect(await second.code).toBe(1);
	expect(second.output()).toMatch(new RegExp(`Port ${port} is taken by process \\d+ \\(.*server\\.ts\\)`));
	expect(second.output()).toContain(`PORT=${Number(port) + 1} npm start`);
	rmSync(other, { recursive: true });
});

test("a Redis that is killed comes back on its port, with what it had", async () => {
	process.kill(pidIn("redis/redis.pid"), "SIGKILL");
	while (!runner.output().includes("Redis ended; starting it again")) await delay(20);
	await untilWalkable();
	const walk = /^API=[\s\S]*?run\.mjs sql .*$/m.exec(runner.output())?.[0] ?? "";
	expect(await inBash(walk)).toMatch(/2 rows\n$/);
	expect(await countSoldSeats()).toMatch(/'4'/);
});

test("a killed runner blocks nothing: the next start has the same data, secrets and no stranger in its way", async () => {
	const before = info;
	const left = pidIn("redis/redis.pid");
	runner.child.kill("SIGKILL");
	await runner.code;
	await runUntilReady();
	expect(isAlive(left) && left !== pidIn("redis/redis.pid")).toBe(false);
	expect(info).toMatchObject({ admin: before.admin, jwtSecret: before.jwtSecret });
	expect(await countSoldSeats()).toMatch(/'4'/);
});

test("told to end, it ends everything it started, in good order", async () => {
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
