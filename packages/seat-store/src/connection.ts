/** One connection to Redis from its greeting to its loss. It never comes back: the link makes a new one. */
import { Redis } from "ioredis";
import { isWritable } from "./call.ts";

const CONNECT_DEADLINE_MS = 1_000;
/** A server that loads its data is asked again this often, not after the second or more that it guesses. */
const LOADING_POLL_MS = 100;
/**
 * Commands sent and not answered. What is over waits in the link, where a call that has timed out is struck off and never
 * sent. Enough to keep Redis busy, and little enough (under 1 MB) to lie in the kernel's buffers whole.
 */
const ON_THE_WIRE_MAX = 1_000;

export type ConnectionEvents = {
	/** It can be used. */
	readonly onReady: () => void;
	/** Answers came: there may be room for more commands. */
	readonly onAnswers: () => void;
	readonly onError: (error: Error) => void;
	/** It is gone, and everything that was in flight has failed. */
	readonly onLost: () => void;
};

export type Connection = {
	readonly redis: Redis;
	/** Commands sent and not answered. */
	inFlight(): number;
	hasRoom(): boolean;
	/** How long something has been awaited and nothing has come. */
	silentMs(): number;
	/** Whether bytes wait in this process because the server reads none. */
	hasUnsent(): boolean;
	/** End it at once; everything in flight fails. */
	drop(): void;
};

/** Connects in the background. `prepare` sees the client before anything is sent. */
export function openConnection(url: string, prepare: (redis: Redis) => void, events: ConnectionEvents): Connection {
	const redis = new Redis(url, {
		lazyConnect: true,
		connectTimeout: CONNECT_DEADLINE_MS,
		maxLoadingRetryTime: LOADING_POLL_MS,
		// The client neither reconnects nor keeps commands: with its defaults a command in flight ran twice after a reconnect.
		retryStrategy: () => null,
		enableOfflineQueue: false,
		maxRetriesPerRequest: null,
	});
	let awaitedSinceMs = 0;
	const wasBlocked = gatherWrites(redis, () => {
		awaitedSinceMs = performance.now();
	});
	prepare(redis);
	redis.on("error", events.onError);
	redis.once("end", events.onLost);
	redis.once("ready", () => {
		redis.stream.on("data", () => {
			awaitedSinceMs = performance.now();
			events.onAnswers();
		});
		events.onReady();
	});
	redis.connect().catch(() => {});
	return {
		redis,
		inFlight: () => redis.commandQueue.length,
		hasRoom: () => isWritable(redis) && redis.commandQueue.length < ON_THE_WIRE_MAX,
		silentMs: () => (redis.commandQueue.length === 0 ? 0 : performance.now() - awaitedSinceMs),
		hasUnsent: () => wasBlocked() ?? redis.stream.writableLength > 0,
		drop() {
			redis.disconnect();
			redis.stream?.destroy();
		},
	};
}

/**
 * Commands of one turn of the event loop travel together. The client's own pipelining did that too, but held back what came
 * while a pipeline was unanswered, and sent it when its callers had long been told that there was no answer.
 *
 * Gives whether an earlier turn's bytes still waited when this one began to gather; null while nothing is gathered.
 */
function gatherWrites(redis: Redis, onFirst: () => void): () => boolean | null {
	const sendCommand = redis.sendCommand.bind(redis);
	let wasBlocked: boolean | null = null;
	redis.sendCommand = (command, stream) => {
		if (redis.commandQueue.length === 0) onFirst();
		if (wasBlocked === null && redis.status === "ready") {
			const { stream: socket } = redis;
			wasBlocked = socket.writableLength > 0;
			socket.cork();
			setImmediate(() => {
				wasBlocked = null;
				socket.uncork();
			});
		}
		return sendCommand(command, stream);
	};
	return () => wasBlocked;
}
