/**
 * Starts a Redis server for one test file, with the flags of production and its own process, port and data folder. No other test
 * connects to it, so a test may flush, kill and restart it.
 */
import { rmSync } from "node:fs";
import { isLinkUp, makeScratchFolder, sendInlineCommand, startRedis } from "@holdfast/local-stack";
import { waitUntil } from "./wait-until.ts";

/** A Redis server of one test file. */
export type TestRedis = {
	/** Does not change when the server restarts. */
	readonly url: string;
	readonly port: number;
	/** Sends a signal (SIGKILL when absent) and resolves when the process has exited. The data stays. */
	readonly kill: (signal?: NodeJS.Signals) => Promise<void>;
	/** Stops the server if it runs, and starts it on the same port and data. A replica follows the same primary as before. */
	readonly restart: () => Promise<void>;
	/** Disconnects a replica from its primary, as a network partition does. The replica keeps its data. */
	readonly cutOff: () => Promise<void>;
	/** Makes a replica a primary with the data it has. The old primary is not changed. */
	readonly promote: () => Promise<void>;
	/** Makes the server a replica of the one on `port`, which replaces its data; resolves when the replication link is up. */
	readonly follow: (port: number) => Promise<void>;
	/** Stops the process with SIGSTOP: connections stay open, and no command is answered. */
	readonly pause: () => void;
	/** Continues a paused process with SIGCONT. */
	readonly resume: () => void;
	/** Stops the server and deletes its data. Safe to call twice. */
	readonly stop: () => Promise<void>;
};

/** The port of tcpmux (RFC 1078), on which no server listens. */
const CLOSED_PORT = 1;

/**
 * Resolves when the server answers; a replica when its replication link is up. `cluster: true` starts a cluster of one node, which
 * takes 2 s: Redis makes a new master wait that long.
 */
export async function startTestRedis(
	options: { readonly cluster?: boolean; readonly replicaOf?: { readonly port: number } } = {},
): Promise<TestRedis> {
	const dataDir = makeScratchFolder();
	let { replicaOf } = options;
	const launch = (port?: number) =>
		startRedis({
			dataDir,
			cluster: options.cluster === true,
			...(port === undefined ? {} : { port }),
			...(replicaOf === undefined ? {} : { replicaOf }),
		});
	let redis = await launch();
	const { url, port } = redis;
	const kill = async (signal: NodeJS.Signals = "SIGKILL") => {
		redis.kill(signal);
		await redis.ended;
	};
	const sendCommand = async (command: string) => {
		const answer = await sendInlineCommand(port, command);
		if (answer?.startsWith("+OK") !== true) throw new Error(`Redis answered ${answer} to ${command}`);
	};
	return {
		url,
		port,
		kill,
		async restart() {
			await redis.stop();
			redis = await launch(port);
		},
		cutOff: () => sendCommand(`REPLICAOF 127.0.0.1 ${CLOSED_PORT}`),
		async promote() {
			await sendCommand("REPLICAOF NO ONE");
			replicaOf = undefined;
		},
		async follow(primaryPort) {
			await sendCommand(`REPLICAOF 127.0.0.1 ${primaryPort}`);
			replicaOf = { port: primaryPort };
			await waitUntil("the replication link to be up", () => isLinkUp(port));
		},
		pause: () => redis.kill("SIGSTOP"),
		resume: () => redis.kill("SIGCONT"),
		async stop() {
			await redis.stop();
			rmSync(dataDir, { recursive: true, force: true });
		},
	};
}
