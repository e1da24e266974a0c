/** Starts a Redis server on loopback with the flags of production and its own data folder. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Service, spawnService } from "../process/spawn-service.ts";
import { startOnPort } from "../process/start-on-port.ts";
import { stopStaleServer } from "../process/stop-stale-server.ts";
import { findRedisServer } from "./find-redis-server.ts";
import { redisArguments } from "./redis-flags.ts";
import { sendInlineCommand } from "./send-inline-command.ts";

/** Options of `startRedis`. */
export type RedisOptions = {
	/** Holds the append-only files; created when missing. One server at a time. */
	readonly dataDir: string;
	/** The TCP port; a free one when absent. */
	readonly port?: number;
	/** Run as a cluster of one node that owns every slot. */
	readonly cluster?: boolean;
	/** Run as a replica of the server on this port of loopback. */
	readonly replicaOf?: { readonly port: number };
};

/** A server that answers commands. */
export type RunningRedis = Service & {
	readonly url: string;
	readonly port: number;
};

/** The lines of `INFO replication` up to a replica's master_link_status. A primary's reply has at least as many. */
const REPLICATION_LINES = 6;

/**
 * Resolves when the server has loaded its data and answers; a replica when its replication link is up. First stops a server that
 * still runs on `dataDir`, for example after its runner was killed. Rejects with `ServiceStartError` when the server does not
 * become ready.
 */
export async function startRedis(options: RedisOptions): Promise<RunningRedis> {
	const server = await findRedisServer();
	mkdirSync(options.dataDir, { recursive: true });
	const pidFile = join(options.dataDir, "redis.pid");
	await stopStaleServer(pidFile, options.dataDir, "SIGTERM");
	return startOnPort(options.port, async (port) => {
		const service = await spawnService({
			name: "Redis",
			command: server.command,
			args: [
				...["--port", String(port), "--bind", "127.0.0.1", "--dir", options.dataDir, "--pidfile", pidFile],
				...redisArguments(),
				// By default a primary waits 5 s for further replicas before it sends its data to the first. Here there is only one.
				...["--repl-diskless-sync-delay", "0"],
				...(options.cluster === true ? ["--cluster-enabled", "yes"] : []),
				...(options.replicaOf === undefined ? [] : ["--replicaof", `127.0.0.1 ${options.replicaOf.port}`]),
			],
			env: server.env,
			logFile: join(options.dataDir, "redis.log"),
			stopSignal: "SIGTERM",
			isReady: () => isReady(port, options),
		});
		return { ...service, port, url: `redis://127.0.0.1:${port}` };
	});
}

/** Resolves to whether the replica on this port is connected to its primary and has received its data. */
export async function isLinkUp(port: number): Promise<boolean> {
	const answer = await sendInlineCommand(port, "INFO replication", REPLICATION_LINES);
	return answer?.includes("|master_link_status:up") === true;
}

async function isReady(port: number, { cluster, replicaOf }: RedisOptions): Promise<boolean> {
	if ((await sendInlineCommand(port, "PING")) !== "+PONG") return false;
	if (replicaOf !== undefined) return isLinkUp(port);
	if (cluster !== true) return true;
	// A restarted node still owns its slots and answers this command with an error, which is fine.
	await sendInlineCommand(port, "CLUSTER ADDSLOTSRANGE 0 16383");
	return (await sendInlineCommand(port, "EXISTS x")) === ":0";
}
