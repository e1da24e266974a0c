/** Connections to Redis, and how a lost link comes back. */
import type { Logger } from "@holdfast/runtime";
import { Redis } from "ioredis";

const CONNECT_DEADLINE_MS = 1_000;
const RECONNECT_MAX_MS = 500;

/** Anything that wants to know of connection errors; they are also thrown at whoever waits for an answer. */
export type ConnectionLog = Pick<Logger, "warn">;

/**
 * The shared connection. Commands of one tick travel together (auto-pipelining). A command that was in flight when
 * the link broke is sent again after the reconnect: that is safe because every script is idempotent.
 */
export function connect(url: string, log: ConnectionLog): Redis {
	return open(url, log, { enableAutoPipelining: true });
}

/** A connection for blocking reads: nothing else may wait behind one. */
export function connectBlocking(url: string, log: ConnectionLog): Redis {
	return open(url, log, {});
}

function open(url: string, log: ConnectionLog, options: { enableAutoPipelining?: boolean }): Redis {
	const redis = new Redis(url, {
		...options,
		connectTimeout: CONNECT_DEADLINE_MS,
		maxRetriesPerRequest: null,
		retryStrategy: (attempt) => Math.min(attempt * 50, RECONNECT_MAX_MS),
	});
	redis.on("error", (error) => log.warn({ err: error }, "redis connection"));
	return redis;
}
