/**
 * A Redis server for one test file: own process, own port, own data, production's flags. Nothing else ever connects to
 * it, so a test may flush, kill and restart it as it likes.
 */
import { rmSync } from "node:fs";
import { isLinkUp, makeScratchFolder, sendInlineCommand, startRedis } from "@holdfast/local-stack";
import { waitUntil } from "./wait-until.ts";

export type TestRedis = {
	/** Stays the same over a restart. */
	readonly url: string;
	readonly port: number;
	/** End the process with a signal and wait until it is gone; the data stays. */
	readonly kill: (signal?: NodeJS.Signals) => Promise<void>;
	/** Start it again on the same port and data, after ending it if it still runs. It follows whom it followed, or nobody. */
	readonly restart: () => Promise<void>;
	/** A replica keeps what it has and hears no more of its primary, as if the network between them were cut. */
	readonly cutOff: () => Promise<void>;
	/** Make a replica a primary, with what it has, whatever its old primary does. */
	readonly promote: () => Promise<void>;
	/** Make it a replica of the server that listens there, whose data replaces its own; resolves when it has them. */
	readonly follow: (port: number) => Promise<void>;
	/** It stands still (SIGSTOP): connections stay open, nothing is answered. */
	readonly pause: () => void;
	/** It goes on where it stood (SIGCONT). */
	readonly resume: () => void;
	/** End it and delete its data. Safe to call twice. */
	readonly stop: () => Promise<void>;
};

/** tcpmux (RFC 1078): nobody listens there. */
const CLOSED_PORT = 1;

/** `cluster: true` makes it a cluster of one node (ready after 2 s: Redis makes a new master wait that long). */
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
	const order = async (command: string) => {
		const answer = await sendInlineCommand(port, command);
		if (answer?.startsWith("+OK") !== true) throw new Error(`${command} was answered ${answer}`);
	};
	return {
		url,
		port,
		kill,
		async restart() {
			await redis.stop();
			redis = await launch(port);
		},
		cutOff: () => order(`REPLICAOF 127.0.0.1 ${CLOSED_PORT}`),
		async promote() {
			await order("REPLICAOF NO ONE");
			replicaOf = undefined;
		},
		async follow(leader) {
			await order(`REPLICAOF 127.0.0.1 ${leader}`);
			replicaOf = { port: leader };
			await waitUntil("the replica's link to be up", () => isLinkUp(port));
		},
		pause: () => redis.kill("SIGSTOP"),
		resume: () => redis.kill("SIGCONT"),
		async stop() {
			await redis.stop();
			rmSync(dataDir, { recursive: true, force: true });
		},
	};
}
