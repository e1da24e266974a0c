/** One connection to Redis from its greeting to its loss. It never comes back: the link makes a new one. */
import { Redis } from "ioredis";
import { isWritable } from "./call.ts";
import { RetiredConnection, reportsDemotion } from "./server-errors.ts";

const CONNECT_DEADLINE_MS = 1_000;
/** A server that loads its data is asked again this often, not after the second or more that it guesses. */
const LOADING_POLL_MS = 100;
/**
 * Commands sent and not answered. What is over waits in the link, where a call that has timed out is struck off and never
 * sent. Enough to keep Redis busy, and little enough (under 1 MB) to lie in the kernel's buffers whole.
 */
const ON_THE_WIRE_MAX = 1_000;
/** How long a retired connection waits for the answers to what was sent: as long as a call does. */
const RETIRE_MAX_MS = 2_000;

export type ConnectionEvents = {
	/** It can be used. */
	readonly onReady: () => void;
	/** Answers came: there may be room for more commands. */
	readonly onAnswers: () => void;
	readonly onError: (error: Error) => void;
	/** An answer says that the server is not the primary, or no longer. May come more than once. */
	readonly onDemoted: () => void;
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
	/** Send nothing more on it, and end it once what was sent is answered. Safe to call twice. */
	retire(): void;
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
		// Sees every error reply, and costs an answer nothing; the client itself is to do nothing about it.
		reconnectOnError: (error) => {
			if (reportsDemotion(error)) events.onDemoted();
			return false;
		},
	});
	let awaitedSinceMs = 0;
	let isRetired = false;
	const wasBlocked = gatherWrites(redis, () => {
		awaitedSinceMs = performance.now();
	});
	const drop = (): void => {
		redis.disconnect();
		redis.stream?.destroy();
	};
	const dropIfAnswered = (): void => {
		if (redis.commandQueue.length === 0) drop();
	};
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
		hasRoom: () => !isRetired && isWritable(redis) && redis.commandQueue.length < ON_THE_WIRE_MAX,
		silentMs: () => (redis.commandQueue.length === 0 ? 0 : performance.now() - awaitedSinceMs),
		hasUnsent: () => wasBlocked() ?? redis.stream.writableLength > 0,
		retire() {
			if (isRetired) return;
			isRetired = true;
			refuseCommands(redis);
			// Not within the answer that told of it: others may lie behind it.
			setImmediate(dropIfAnswered);
			redis.stream.on("data", () => setImmediate(dropIfAnswered));
			setTimeout(drop, RETIRE_MAX_MS).unref();
		},
		drop,
	};
}

/** What a call that runs in several steps would still send. */
function refuseCommands(redis: Redis): void {
	redis.sendCommand = (command) => {
		command.reject(new RetiredConnection());
		return command.promise;
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
