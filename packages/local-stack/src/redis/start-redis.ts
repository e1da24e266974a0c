/** A real Redis on loopback, with the flags that production runs with, on a data folder of its own. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Service, spawnService } from "../process/spawn-service.ts";
import { startOnPort } from "../process/start-on-port.ts";
import { stopStaleServer } from "../process/stop-stale-server.ts";
import { findRedisServer } from "./find-redis-server.ts";
import { redisArguments } from "./redis-flags.ts";
import { sendInlineCommand } from "./send-inline-command.ts";

export type RedisOptions = {
	/** Holds the append-only files; made when missing. One server at a time. */
	readonly dataDir: string;
	/** Listens here; a free port when absent. */
	readonly port?: number;
	/** Run as a cluster of one node that owns every slot. */
	readonly cluster?: boolean;
	/** Run as a replica of the server that listens there on loopback. */
	readonly replicaOf?: { readonly port: number };
};

export type RunningRedis = Service & {
	readonly url: string;
	readonly port: number;
};

/** Of `INFO replication`, as far as a replica's master_link_status; a primary has as many. */
const REPLICATION_LINES = 6;

/** Resolves when the server has loaded its data and answers, a replica when its link is up. A server that a killed runner left on `dataDir` is stopped first. */
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
				// A primary waits 5 s for further replicas before it sends its data to the first. Here the first is the only one.
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

/** Whether the replica that listens there has its primary's data and hears of every change. */
export async function isLinkUp(port: number): Promise<boolean> {
	const answer = await sendInlineCommand(port, "INFO replication", REPLICATION_LINES);
	return answer?.includes("|master_link_status:up") === true;
}

async function isReady(port: number, { cluster, replicaOf }: RedisOptions): Promise<boolean> {
	if ((await sendInlineCommand(port, "PING")) !== "+PONG") return false;
	if (replicaOf !== undefined) return isLinkUp(port);
	if (cluster !== true) return true;
	// A node that restarts remembers its slots and refuses to add them again: both answers are fine.
	await sendInlineCommand(port, "CLUSTER ADDSLOTSRANGE 0 16383");
	return (await sendInlineCommand(port, "EXISTS x")) === ":0";
}
