/**
 * A Redis server for one test file: own process, own port, own data, production's flags. Nothing else ever connects to
 * it, so a test may flush, kill and restart it as it likes.
 */
import { rmSync } from "node:fs";
import { makeScratchFolder, startRedis } from "@holdfast/local-stack";

export type TestRedis = {
	/** Stays the same over a restart. */
	readonly url: string;
	readonly port: number;
	/** End the process with a signal and wait until it is gone; the data stays. */
	readonly kill: (signal?: NodeJS.Signals) => Promise<void>;
	/** Start it again on the same port and data, after ending it if it still runs. */
	readonly restart: () => Promise<void>;
	/** End it and delete its data. Safe to call twice. */
	readonly stop: () => Promise<void>;
};

/** `cluster: true` makes it a cluster of one node (ready after 2 s: Redis makes a new master wait that long). */
export async function startTestRedis(options: { readonly cluster?: boolean } = {}): Promise<TestRedis> {
	const dataDir = makeScratchFolder();
	let redis = await startRedis({ ...options, dataDir });
	const { url, port } = redis;
	const kill = async (signal: NodeJS.Signals = "SIGKILL") => {
		redis.kill(signal);
		await redis.ended;
	};
	return {
		url,
		port,
		kill,
		async restart() {
			await redis.stop();
			redis = await startRedis({ ...options, dataDir, port });
		},
		async stop() {
			await redis.stop();
			rmSync(dataDir, { recursive: true, force: true });
		},
	};
}
