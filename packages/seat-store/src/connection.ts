/** One connection to Redis, from the handshake until it is lost. A lost connection is never used again; its owner opens a new one. */
import { Redis } from "ioredis";
import { isWritable } from "./call.ts";
import { RetiredConnection, reportsDemotion } from "./server-errors.ts";

const CONNECT_DEADLINE_MS = 1_000;
/**
 * How often a server that is loading its data is asked again. By default the client waits for as long as the server estimates, a
 * second or more.
 */
const LOADING_POLL_MS = 100;
/**
 * Maximum number of commands that are sent and not answered. Further commands wait in the link, which removes a call that times
 * out and never sends it. Enough to keep Redis busy, and little enough (under 1 MB) to fit into the socket buffers of the kernel.
 */
const ON_THE_WIRE_MAX = 1_000;
/** How long a retired connection waits for the replies to what was sent: as long as a call does. */
const RETIRE_MAX_MS = 2_000;

/** What the owner of a connection is notified of. */
export type ConnectionEvents = {
	/** The handshake is done; commands can be sent. */
	readonly onReady: () => void;
	/** Replies arrived, so there may be room for more commands. */
	readonly onAnswers: () => void;
	readonly onError: (error: Error) => void;
	/** An error reply says that the server is not the primary. May be called more than once. */
	readonly onDemoted: () => void;
	/** The connection is closed, and every command in flight has failed. */
	readonly onLost: () => void;
};

/** A connection, its load and its end. */
export type Connection = {
	readonly redis: Redis;
	/** Number of commands that are sent and not answered. */
	inFlight(): number;
	/** Whether another command can be sent now. */
	hasRoom(): boolean;
	/** For how long replies have been awaited and no byte has arrived, ms. 0 when no reply is awaited. */
	silentMs(): number;
	/** Whether bytes wait in this process because the server does not read them. */
	hasUnsent(): boolean;
	/** Sends nothing more, and closes the connection when what was sent is answered. Safe to call twice. */
	retire(): void;
	/** Closes the connection at once; every command in flight fails. */
	drop(): void;
};

/** Opens a connection in the background. `prepare` is called with the client before anything is sent. */
export function openConnection(url: string, prepare: (redis: Redis) => void, events: ConnectionEvents): Connection {
	const redis = new Redis(url, {
		lazyConnect: true,
		connectTimeout: CONNECT_DEADLINE_MS,
		maxLoadingRetryTime: LOADING_POLL_MS,
		// The client must neither reconnect nor queue commands: with its defaults, a command in flight was executed twice after a
		// reconnect.
		retryStrategy: () => null,
		enableOfflineQueue: false,
		maxRetriesPerRequest: null,
		// ioredis calls this for every error reply, and other replies cost nothing. Always returns false: the client itself must not
		// react.
		reconnectOnError: (error) => {
			if (reportsDemotion(error)) events.onDemoted();
			return false;
		},
	});
	let awaitedSinceMs = 0;
	let isRetired = false;
	const wasBlocked = batchWrites(redis, () => {
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
			// Deferred: more replies may follow in the data that is being parsed now.
			setImmediate(dropIfAnswered);
			redis.stream.on("data", () => setImmediate(dropIfAnswered));
			setTimeout(drop, RETIRE_MAX_MS).unref();
		},
		drop,
	};
}

/** Rejects the commands that calls with several steps would still send. */
function refuseCommands(redis: Redis): void {
	redis.sendCommand = (command) => {
		command.reject(new RetiredConnection());
		return command.promise;
	};
}

/**
 * Sends the commands of one turn of the event loop in one write. The auto-pipelining of ioredis does so too, but it held back new
 * commands while a pipeline was unanswered, and sent them after their callers had already timed out.
 *
 * Returns a function that says whether bytes of an earlier turn were still unsent when the current batch began; null while there
 * is no batch.
 */
function batchWrites(redis: Redis, onFirst: () => void): () => boolean | null {
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
