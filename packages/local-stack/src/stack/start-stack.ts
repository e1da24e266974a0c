/**
 * Starts the whole product on this machine: Redis, PostgreSQL, migrations, the demo catalogue, API and sweeper. `npm start`, the
 * end-to-end tests and the bench use it. Several stacks can run side by side: each has its own data folder and ports.
 */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { findPortHolder, isPortFree } from "../process/find-port-holder.ts";
import type { Service } from "../process/spawn-service.ts";
import { startOnPort } from "../process/start-on-port.ts";
import { CACHE_FOLDER } from "../repository.ts";
import { definePart, type Part } from "./define-part.ts";
import { type DataFolderLock, lockDataFolder } from "./lock-data-folder.ts";
import { runScript, ScriptError } from "./run-script.ts";
import { readOrCreateSecrets, removeStackFile, type StackInfo, writeStackFile } from "./stack-file.ts";
import { type AppOptions, originOf, startApi, startSweeper, waitForHealth } from "./start-apps.ts";
import { assertWritable, definePostgres, defineRedis } from "./start-stores.ts";

/** Options of `startStack`. */
export type StackOptions = {
	/** Holds all data of the stack; created when missing. A later stack on the same folder has the same data. */
	readonly dataDir: string;
	/** The port of the API; a free one when absent or 0. */
	readonly apiPort?: number;
	/** The address on which the API listens; loopback when absent. */
	readonly host?: string;
	/** Use this running Redis instead of starting one. */
	readonly redisUrl?: string;
	/** Use this running PostgreSQL instead of starting one. */
	readonly databaseUrl?: string;
	/** The same PostgreSQL, as the role that runs the migrations. `databaseUrl` when absent. */
	readonly databaseOwnerUrl?: string;
	/** Settings passed to API and sweeper, such as LOG_LEVEL. */
	readonly environment?: NodeJS.ProcessEnv;
	/** Do not insert the demo catalogue. */
	readonly skipSeed?: boolean;
	/** The data need not survive a power failure: see `StoreOptions`. */
	readonly throwaway?: boolean;
	/** Restart the apps when their code changes, and show their output in the terminal. */
	readonly watch?: boolean;
	/** Called with each line of progress. */
	readonly onProgress?: (line: string) => void;
	/** When aborted, every started process is stopped and `startStack` rejects. */
	readonly signal?: AbortSignal;
};

/** A running stack. */
export type Stack = {
	readonly info: StackInfo;
	readonly api: Part;
	readonly sweeper: Part;
	/** Null when the stack uses a Redis that it did not start. */
	readonly redis: Part | null;
	/** Null when the stack uses a PostgreSQL that it did not start. */
	readonly postgres: Part | null;
	/** Stops the apps, then the stores. The data is kept. Safe to call twice. */
	readonly stop: () => Promise<void>;
};

/**
 * Resolves when bookings can be made. Otherwise rejects with a message that says what is wrong and what to do; no process is left
 * running then.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
	const dataDir = resolve(options.dataDir);
	mkdirSync(dataDir, { recursive: true });
	const lock = await lockDataFolder(dataDir);
	const parts: Part[] = [];
	const stop = async () => {
		lock.announceEnd();
		removeStackFile(dataDir);
		// In reverse order of their start, so that no app loses a store while it uses it.
		for (const part of [...parts].reverse()) await part.stop();
		lock.release();
	};
	try {
		return { ...(await startParts({ ...options, dataDir }, lock, parts)), stop };
	} catch (error) {
		await stop();
		throw error;
	}
}

/** Adds each part to `parts` before it starts the part, so that the caller can stop all of them after a failure. */
async function startParts(options: StackOptions, lock: DataFolderLock, parts: Part[]): Promise<Omit<Stack, "stop">> {
	const { dataDir, host = "127.0.0.1", onProgress = () => {}, signal = new AbortController().signal } = options;
	let port = options.apiPort === 0 ? undefined : options.apiPort;
	if (port !== undefined) await assertFreePort(host, port);
	const storeOptions = { ...options, throwaway: options.throwaway === true, ackLevel: options.environment?.ACK_LEVEL };
	const redis = defineRedis(storeOptions);
	const postgres = await definePostgres(storeOptions);
	await startAll(
		parts,
		[redis.part, postgres.part].filter((part) => part !== null),
	);
	onProgress(`Redis       ${redis.url()}`);
	onProgress(`PostgreSQL  ${postgres.url()}`);
	signal.throwIfAborted();

	const secrets = readOrCreateSecrets(dataDir);
	const env = {
		PATH: process.env.PATH,
		// Makes the start of each process a quarter shorter.
		NODE_COMPILE_CACHE: join(CACHE_FOLDER, "node"),
		...options.environment,
		DATABASE_URL: postgres.url(),
		REDIS_URL: redis.url(),
		JWT_SECRET: secrets.jwtSecret,
		// API, sweeper and seed inherit this environment; only the migrations get the owner's URL.
		DATABASE_OWNER_URL: undefined,
	};
	if (options.redisUrl !== undefined) await assertUsableRedis(env, signal);
	const ownerEnv = { ...env, DATABASE_OWNER_URL: postgres.ownerUrl() };
	await runScript({ entry: "packages/database/src/bin/apply-migrations.ts", env: ownerEnv, onLine: onProgress, signal });
	if (options.databaseUrl !== undefined) await assertWritable("DATABASE_URL", postgres.url());

	const appOptions = (name: string): AppOptions => ({
		env,
		watch: options.watch === true,
		logFile: options.watch === true ? null : join(dataDir, "logs", `${name}.log`),
	});
	const recordChild = (service: Service): Service => {
		lock.addChild(service.pid);
		return service;
	};
	const api = definePart("API", () =>
		startOnPort(port, async (free) => {
			port = free;
			return recordChild(await startApi(appOptions("api"), host, free));
		}),
	);
	const sweeper = definePart("sweeper", async () => recordChild(await startSweeper(appOptions("sweeper"))));
	// The demo catalogue is inserted while the apps start: they need its tables, not its rows.
	const admin = { ADMIN_EMAIL: secrets.admin.email, ADMIN_PASSWORD: secrets.admin.password };
	const seed = { entry: "packages/database/src/bin/seed-database.ts", env: { ...env, ...admin }, onLine: onProgress, signal };
	await waitForAll([options.skipSeed === true ? undefined : runScript(seed), startAll(parts, [api, sweeper])]);
	signal.throwIfAborted();
	const apiUrl = originOf(host, port ?? 0);
	await waitForHealth(apiUrl, [api, sweeper]);
	const info = { apiUrl, databaseUrl: postgres.url(), databaseOwnerUrl: postgres.ownerUrl(), redisUrl: redis.url(), ...secrets };
	writeStackFile(dataDir, info);
	return { info, api, sweeper, redis: redis.part, postgres: postgres.part };
}

/** Adds `added` to `parts`, then starts them at the same time. */
async function startAll(parts: Part[], added: readonly Part[]): Promise<void> {
	parts.push(...added);
	await waitForAll(added.map((part) => part.start()));
}

/** Waits for all steps even when one fails, so that no part is still starting while the others are stopped. Then rejects. */
async function waitForAll(steps: readonly (Promise<void> | undefined)[]): Promise<void> {
	for (const result of await Promise.allSettled(steps)) if (result.status === "rejected") throw result.reason;
}

/** A Redis from REDIS_URL may be a replica, persist too little, or have no replica. Rejects with the reason and what to do. */
async function assertUsableRedis(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
	await runScript({ entry: "packages/seat-store/src/bin/check-redis.ts", env, onLine: () => {}, signal }).catch((error: unknown) => {
		if (error instanceof ScriptError) throw new Error(error.stderrText, { cause: error });
		throw error;
	});
}

async function assertFreePort(host: string, port: number): Promise<void> {
	if (await isPortFree(host, port)) return;
	const holder = findPortHolder(port);
	const user = holder === null ? "another process" : `process ${holder.pid} (${holder.command})`;
	throw new Error(
		`Port ${port} is in use by ${user}. Nothing was started. Stop that process, or choose another port: PORT=${port + 1} npm start`,
	);
}
