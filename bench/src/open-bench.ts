/** Opens the servers that a scenario runs against: the floor server, and a new stack or one that already runs on this machine. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMPILE_CACHE, findFreePort, type Part, readStackFile, type StackInfo, startStack } from "@holdfast/local-stack";
import { openProof, type Proof } from "@holdfast/proofs";
import { waitUntil } from "@holdfast/testing";
import { type CostReport, createCostReport } from "./cost-report.ts";
import { readProcessorTime } from "./processor-time.ts";

/** The servers, and the tools to check and measure them. */
export type Bench = {
	/** The origin of the API. */
	readonly origin: string;
	readonly floorOrigin: string;
	readonly databaseUrl: string;
	readonly jwtSecret: string;
	readonly proof: Proof;
	/** Returns the memory of all API processes; null when the bench did not start them. */
	apiRssBytes(): number | null;
	/** Measures the processor time of the processes of the stack and of the floor. */
	readonly costs: CostReport;
	close(): Promise<void>;
};

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DATA_DIR = join(ROOT, ".data-bench");
/** The folder in which `--profile` writes one CPU profile per process of API and sweeper, for the browser's developer tools. */
export const PROFILE_DIR = join(DATA_DIR, "profiles");
/** Disables the rate limit per user (`rates.ts` of the API): a buyer of the bench sends requests without a pause. */
const UNTHROTTLED = { USER_RATE: "1000000", USER_BURST: "1000000" };
/** Longer than any run, so that the measured cost of a hold includes no reaping. */
const LONG_HOLDS = { HOLD_TTL_MS: "1800000" };
const FLOOR_START_DEADLINE_MS = 15_000;
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Options of `openBench`. */
export type BenchOptions = {
	/** The API of the running `npm start`; undefined to start a new stack. */
	readonly url: string | undefined;
	readonly workers: number;
	/** Write CPU profiles to `PROFILE_DIR`. */
	readonly profile?: boolean;
	/** The data folder of a new stack; its content is deleted first. */
	readonly dataDir?: string;
	/** Called with each line of progress. */
	readonly log: (line: string) => void;
};

/**
 * Resolves when API and floor answer. Rejects when `url` is not on this machine, so that no load is sent elsewhere, and when it is
 * not the API of the stack that `npm start` runs here, because the proof reads the stores of that stack.
 */
export async function openBench({ url, workers, profile = false, dataDir = DATA_DIR, log }: BenchOptions): Promise<Bench> {
	if (url !== undefined && !LOOPBACK.has(new URL(url).hostname))
		throw new Error(`--url ${url} is not allowed: the bench sends load to this machine only. Use a URL with 127.0.0.1.`);
	const stack =
		url === undefined
			? await startOwnStack({ workers, profile, dataDir, log })
			: { info: readRunningStack(), parts: null, stop: async () => {} };
	const { apiUrl, redisUrl, databaseUrl, jwtSecret } = stack.info;
	if (url !== undefined && new URL(url).origin !== new URL(apiUrl).origin) {
		await stack.stop();
		throw new Error(`--url ${url} is not the API of the stack that runs here. Use --url ${apiUrl}, or omit --url.`);
	}
	const floor = await startFloor({ redisUrl, jwtSecret, workers });
	const proof = openProof({ redisUrl, databaseUrl });
	const { parts } = stack;
	return {
		origin: apiUrl,
		floorOrigin: floor.origin,
		databaseUrl,
		jwtSecret,
		proof,
		apiRssBytes: () => (parts === null ? null : rssOf(pidOf(parts.api))),
		costs: createCostReport(parts === null ? null : () => readProcessorTime({ ...pidsOf(parts), floor: floor.pid })),
		async close() {
			await proof.close();
			await floor.stop();
			await stack.stop();
		},
	};
}

function readRunningStack(): StackInfo {
	const info = readStackFile(join(ROOT, ".data"));
	if (info === null) throw new Error("No stack runs here. Run npm start in another terminal, or omit --url.");
	return info;
}

async function startOwnStack({ workers, profile, dataDir, log }: Required<Omit<BenchOptions, "url">>) {
	rmSync(dataDir, { recursive: true, force: true });
	const environment: Record<string, string> = { WORKERS: String(workers), ...UNTHROTTLED, ...LONG_HOLDS };
	if (profile) environment.NODE_OPTIONS = `--cpu-prof --cpu-prof-dir=${PROFILE_DIR}`;
	const { info, api, sweeper, redis, postgres, stop } = await startStack({ dataDir, skipSeed: true, onProgress: log, environment });
	return { info, parts: { api, sweeper, redis, postgres }, stop };
}

function pidsOf({ api, redis, sweeper, postgres }: Record<"api" | "redis" | "sweeper" | "postgres", Part | null>) {
	return { api: pidOf(api), redis: pidOf(redis), sweeper: pidOf(sweeper), postgres: pidOf(postgres) };
}

function pidOf(part: Part | null): number {
	const pid = part?.pid() ?? null;
	if (pid === null) throw new Error(`The ${part?.name ?? "store"} that the bench started is not running.`);
	return pid;
}

/** Returns the resident memory of a process and its child processes, in bytes. */
function rssOf(pid: number): number {
	const [, kilobytes = "0"] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
	const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
	return children.reduce((sum, child) => sum + rssOf(Number(child)), Number(kilobytes) * 1024);
}

async function startFloor(options: { redisUrl: string; jwtSecret: string; workers: number }) {
	const port = await findFreePort();
	const floor: ChildProcess = spawn(process.execPath, [fileURLToPath(new URL("./floor/floor-server.ts", import.meta.url))], {
		env: {
			NODE_COMPILE_CACHE: COMPILE_CACHE,
			REDIS_URL: options.redisUrl,
			JWT_SECRET: options.jwtSecret,
			PORT: String(port),
			WORKERS: String(options.workers),
		},
		stdio: ["ignore", "inherit", "inherit"],
	});
	const origin = `http://127.0.0.1:${port}`;
	const answers = () =>
		fetch(origin).then(
			() => true,
			() => false,
		);
	await waitUntil("the floor server to answer", answers, FLOOR_START_DEADLINE_MS);
	if (floor.pid === undefined) throw new Error("The floor server could not be started.");
	return {
		origin,
		pid: floor.pid,
		async stop() {
			floor.kill("SIGTERM");
			if (floor.exitCode === null) await once(floor, "exit");
		},
	};
}
