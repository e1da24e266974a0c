/** Starts a PostgreSQL 18 server on loopback with its own data folder. */
import { chownSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runTool } from "../process/run-tool.ts";
import { type Service, ServiceStartError, spawnService } from "../process/spawn-service.ts";
import { startOnPort } from "../process/start-on-port.ts";
import { stopStaleServer } from "../process/stop-stale-server.ts";
import { findPostgresBinaries, isReachable, POSTGRES_USER, type PostgresBinaries, reachableFolder } from "./find-postgres-binaries.ts";
import { POSTGRES_DEFAULTS } from "./postgres-defaults.ts";
import { queryPostgres } from "./query-postgres.ts";

/** Options of `startPostgres`. */
export type PostgresOptions = {
	/** Holds the cluster and the log; created when missing. One server at a time. */
	readonly dataDir: string;
	/** The TCP port; a free one when absent. */
	readonly port?: number;
	/** For data that need not survive a power failure: commits do not wait for the disk. They survive a killed server. */
	readonly throwaway?: boolean;
};

/** A server that answers queries. */
export type RunningPostgres = Service & {
	/** URL of the database `holdfast`, as its superuser. Only this machine can connect. */
	readonly url: string;
	/** URL of the same database as the role of the application, which exists once the migrations were applied with this URL. */
	readonly applicationUrl: string;
	readonly port: number;
	/** Returns the URL of another database on the same server, as the superuser or as `user`. */
	readonly urlOf: (database: string, user?: string) => string;
};

const START_ATTEMPTS = 20;
const RETRY_MS = 100;

/**
 * Resolves when the server answers and the database `holdfast` exists. First stops a server that still runs on `dataDir`, for example
 * after its runner was killed. Rejects with `ServiceStartError` when the server does not become ready.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
	const binaries = findPostgresBinaries();
	const folder = reachableDataDir(options.dataDir);
	const cluster = join(folder, "cluster");
	await stopStaleServer(join(cluster, "postmaster.pid"), cluster, "SIGINT");
	await initialize(binaries, folder, cluster);
	for (let attempt = 1; ; attempt += 1) {
		try {
			return await startOnPort(options.port, (port) => spawnPostgres(binaries, cluster, port, options));
		} catch (error) {
			if (!isPreviousServerExiting(error) || attempt === START_ATTEMPTS) throw error;
			await delay(RETRY_MS);
		}
	}
}

async function spawnPostgres(
	binaries: PostgresBinaries,
	cluster: string,
	port: number,
	options: PostgresOptions,
): Promise<RunningPostgres> {
	const { user: owner, applicationUser, database: product } = POSTGRES_DEFAULTS;
	const urlOf = (database: string, user: string = owner) => `postgres://${user}@127.0.0.1:${port}/${database}`;
	const service = await spawnService({
		name: "PostgreSQL",
		command: binaries.postgres,
		args: ["-D", cluster, "-p", String(port), ...settingsOf(options)],
		env: { LC_ALL: "C.UTF-8" },
		...POSTGRES_USER,
		logFile: join(options.dataDir, "postgres.log"),
		stopSignal: "SIGINT",
		isReady: () => createDatabase(urlOf("postgres")),
	});
	return { ...service, port, urlOf, url: urlOf(product), applicationUrl: urlOf(product, applicationUser) };
}

function settingsOf(options: PostgresOptions): string[] {
	const settings = {
		listen_addresses: "127.0.0.1",
		unix_socket_directories: "",
		max_connections: String(POSTGRES_DEFAULTS.connectionsMax),
		...(options.throwaway === true ? { fsync: "off", full_page_writes: "off" } : {}),
	};
	return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

function reachableDataDir(dataDir: string): string {
	mkdirSync(dataDir, { recursive: true });
	return isReachable(join(dataDir, "cluster")) ? dataDir : reachableFolder(join(dataDir, "postgres.location"));
}

async function initialize(binaries: PostgresBinaries, folder: string, cluster: string): Promise<void> {
	if (existsSync(join(cluster, "PG_VERSION"))) return;
	// Created under a temporary name and then renamed, so that an interrupted initdb does not look like a complete cluster.
	const temporary = join(folder, "cluster.new");
	rmSync(temporary, { recursive: true, force: true });
	rmSync(cluster, { recursive: true, force: true });
	mkdirSync(temporary, { mode: 0o700 });
	if (POSTGRES_USER.uid !== undefined && POSTGRES_USER.gid !== undefined) chownSync(temporary, POSTGRES_USER.uid, POSTGRES_USER.gid);
	const { user, encoding, locale } = POSTGRES_DEFAULTS;
	const args = ["-D", temporary, `--username=${user}`, "--auth=trust", `--encoding=${encoding}`, `--locale=${locale}`, "--no-sync"];
	await runTool(binaries.initdb, args, { cwd: "/", env: { LC_ALL: "C.UTF-8" }, ...POSTGRES_USER });
	renameSync(temporary, cluster);
}

async function createDatabase(adminUrl: string): Promise<boolean> {
	const { database } = POSTGRES_DEFAULTS;
	try {
		const found = await queryPostgres(adminUrl, `select 1 from pg_database where datname = '${database}'`);
		if (found.length === 0) await queryPostgres(adminUrl, `create database ${database}`);
		return true;
	} catch {
		return false; // still starting; if it never gets ready, its log has the reason
	}
}

/** True while processes of a killed server still hold its shared memory. They exit soon, so the start is retried. */
function isPreviousServerExiting(error: unknown): boolean {
	return error instanceof ServiceStartError && error.log.includes("is still in use");
}
