/** A real Redis on loopback, with the flags that production runs with, on a data folder of its own. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Service, spawnService } from "../process/spawn-service.ts";
import { startOnPort } from "../process/start-on-port.ts";
import { stopStaleServer } from "../process/stop-stale-server.ts";
import { askRedis } from "./ask-redis.ts";
import { findRedisServer } from "./find-redis-server.ts";
import { redisArguments } from "./redis-flags.ts";

export type RedisOptions = {
	/** Holds the append-only files; made when missing. One server at a time. */
	readonly dataDir: string;
	/** Listens here; a free port when absent. */
	readonly port?: number;
	/** Run as a cluster of one node that owns every slot. */
	readonly cluster?: boolean;
};

export type RunningRedis = Service & {
	readonly url: string;
	readonly port: number;
};

/** Resolves when the server has loaded its data and answers. A server that a killed runner left on `dataDir` is stopped first. */
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
				...(options.cluster === true ? ["--cluster-enabled", "yes"] : []),
			],
			env: server.env,
			logFile: join(options.dataDir, "redis.log"),
			stopSignal: "SIGTERM",
			isReady: () => isReady(port, options.cluster === true),
		});
		return { ...service, port, url: `redis://127.0.0.1:${port}` };
	});
}

async function isReady(port: number, cluster: boolean): Promise<boolean> {
	if ((await askRedis(port, "PING")) !== "+PONG") return false;
	if (!cluster) return true;
	// A node that restarts remembers its slots and refuses to add them again: both answers are fine.
	await askRedis(port, "CLUSTER ADDSLOTSRANGE 0 16383");
	return (await askRedis(port, "EXISTS x")) === ":0";
}
