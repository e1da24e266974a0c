/**
 * The whole product on this machine: Redis, PostgreSQL, migrated tables, the demo catalogue, API and sweeper. What
 * `npm start`, the end-to-end tests and the bench run on, each with a data folder and ports of its own, side by side.
 */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { findPortHolder, isPortFree } from "../process/find-port-holder.ts";
import type { Service } from "../process/spawn-service.ts";
import { startOnPort } from "../process/start-on-port.ts";
import { CACHE_FOLDER } from "../repository.ts";
import { definePart, type Part } from "./define-part.ts";
import { type DataFolderLock, lockDataFolder } from "./lock-data-folder.ts";
import { EntryFailure, runEntry } from "./run-entry.ts";
import { keepOrMakeSecrets, removeStackFile, type StackInfo, writeStackFile } from "./stack-file.ts";
import { type AppOptions, originOf, startApi, startSweeper, waitForHealth } from "./start-apps.ts";
import { definePostgres, defineRedis } from "./start-stores.ts";

export type StackOptions = {
	/** Holds everything the stack keeps; made when missing. A stack on a folder used before finds its data again. */
	readonly dataDir: string;
	/** Where the API listens; a free port when absent or 0. */
	readonly apiPort?: number;
	/** The address the API listens on; loopback when absent. */
	readonly host?: string;
	readonly redisUrl?: string;
	readonly databaseUrl?: string;
	/** Settings passed to API and sweeper, such as LOG_LEVEL. */
	readonly environment?: NodeJS.ProcessEnv;
	/** Leave the tables empty. */
	readonly skipSeed?: boolean;
	/** The data is not kept: see `StoreOptions`. */
	readonly throwaway?: boolean;
	/** Run the apps so that they start anew when their code changes, and show what they print. */
	readonly watch?: boolean;
	/** Is told what happens, a line at a time. */
	readonly onProgress?: (line: string) => void;
	/** Gives up early: everything that was started is stopped, and the promise rejects. */
	readonly signal?: AbortSignal;
};

export type Stack = {
	readonly info: StackInfo;
	readonly api: Part;
	readonly sweeper: Part;
	/** Null when the stack uses one that it did not start. */
	readonly redis: Part | null;
	readonly postgres: Part | null;
	/** Stop everything in order, data kept. Safe to call twice. */
	readonly stop: () => Promise<void>;
};

/** Resolves when bookings can be made. Rejects, with nothing left running, with what is in the way and what to do. */
export async function startStack(options: StackOptions): Promise<Stack> {
	const dataDir = resolve(options.dataDir);
	mkdirSync(dataDir, { recursive: true });
	const lock = await lockDataFolder(dataDir);
	const parts: Part[] = [];
	const stop = async () => {
		lock.announceEnd();
		removeStackFile(dataDir);
		// The last started is stopped first: nobody loses a store that it still uses.
		for (const part of [...parts].reverse()) await part.stop();
		lock.release();
	};
	try {
		return { ...(await bringUp({ ...options, dataDir }, lock, parts)), stop };
	} catch (error) {
		await stop();
		throw error;
	}
}

/** Puts each part into `parts` before it is started, so that the caller can stop it whatever happens. */
async function bringUp(options: StackOptions, lock: DataFolderLock, parts: Part[]): Promise<Omit<Stack, "stop">> {
	const { dataDir, host = "127.0.0.1", onProgress = () => {}, signal = new AbortController().signal } = options;
	let port = options.apiPort === 0 ? undefined : options.apiPort;
	if (port !== undefined) await refuseTakenPort(host, port);
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

	const secrets = keepOrMakeSecrets(dataDir);
	const env = {
		PATH: process.env.PATH,
		// Saves each process a quarter of its start.
		NODE_COMPILE_CACHE: join(CACHE_FOLDER, "node"),
		...options.environment,
		DATABASE_URL: postgres.url(),
		REDIS_URL: redis.url(),
		JWT_SECRET: secrets.jwtSecret,
	};
	if (options.redisUrl !== undefined) await refuseUselessRedis(env, signal);
	await runEntry({ entry: "packages/database/src/bin/apply-migrations.ts", env, onLine: onProgress, signal });

	const appOptions = (name: string): AppOptions => ({
		env,
		watch: options.watch === true,
		logFile: options.watch === true ? null : join(dataDir, "logs", `${name}.log`),
	});
	const noted = (service: Service): Service => {
		lock.addChild(service.pid);
		return service;
	};
	const api = definePart("API", () =>
		startOnPort(port, async (free) => {
			port = free;
			return noted(await startApi(appOptions("api"), host, free));
		}),
	);
	const sweeper = definePart("sweeper", async () => noted(await startSweeper(appOptions("sweeper"))));
	// The catalogue grows while the apps start: they need its tables, not its rows.
	const admin = { ADMIN_EMAIL: secrets.admin.email, ADMIN_PASSWORD: secrets.admin.password };
	const seed = { entry: "packages/database/src/bin/seed-database.ts", env: { ...env, ...admin }, onLine: onProgress, signal };
	await settleAll([options.skipSeed === true ? undefined : runEntry(seed), startAll(parts, [api, sweeper])]);
	signal.throwIfAborted();
	const apiUrl = originOf(host, port ?? 0);
	await waitForHealth(apiUrl, [api, sweeper]);
	const info = { apiUrl, databaseUrl: postgres.url(), redisUrl: redis.url(), ...secrets };
	writeStackFile(dataDir, info);
	return { info, api, sweeper, redis: redis.part, postgres: postgres.part };
}

/** Start these at the same time, known to the caller beforehand. */
async function startAll(parts: Part[], added: readonly Part[]): Promise<void> {
	parts.push(...added);
	await settleAll(added.map((part) => part.start()));
}

/** Waits for all of them even when one fails, so that none is still starting while the others are stopped. */
async function settleAll(steps: readonly (Promise<void> | undefined)[]): Promise<void> {
	for (const result of await Promise.allSettled(steps)) if (result.status === "rejected") throw result.reason;
}

/** A Redis that others run may be a replica, keep too little, or have too few replicas. */
async function refuseUselessRedis(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
	await runEntry({ entry: "packages/seat-store/src/bin/check-redis.ts", env, onLine: () => {}, signal }).catch((error: unknown) => {
		if (error instanceof EntryFailure) throw new Error(error.complaints, { cause: error });
		throw error;
	});
}

async function refuseTakenPort(host: string, port: number): Promise<void> {
	if (await isPortFree(host, port)) return;
	const holder = findPortHolder(port);
	const who = holder === null ? "another process" : `process ${holder.pid} (${holder.command})`;
	throw new Error(`Port ${port} is taken by ${who}. Stop it, or choose another port: PORT=${port + 1} npm start`);
}
