/**
 * Structured logs: JSON lines on stdout, one schema for every process. Lines are written in bulk, since a write per line
 * was among the three largest costs of a hold; a process that ends by itself writes what it still has, one that is killed
 * loses the last half second of lines.
 */
import { destination, type Logger, pino } from "pino";

export type { Logger };

const BUFFER_BYTES = 8 * 1024;
const FLUSH_EVERY_MS = 500;

/** Takes what is logged and drops it: for parts whose caller wants no log of theirs. */
export const SILENT_LOG: Pick<Logger, "info" | "warn" | "error"> = { info: () => {}, warn: () => {}, error: () => {} };

/** A logger for one process; `name` tells which. `level` is a pino level, or `silent`. `fatal` lines are written at once. */
export function createLogger(name: string, level: string): Logger {
	const stdout = destination({ dest: 1, sync: false, minLength: BUFFER_BYTES, periodicFlush: FLUSH_EVERY_MS });
	return pino({ name, level, base: { name, pid: process.pid } }, stdout);
}
