/**
 * Structured logs: JSON lines on stdout, in the same format for every process. Lines are buffered, because one write per line was among
 * the three largest costs of a hold. A process that exits flushes the buffer; a process that is killed with SIGKILL loses the lines of
 * the last half second.
 */
import { destination, type Logger, pino } from "pino";

export type { Logger };

const BUFFER_BYTES = 8 * 1024;
const FLUSH_EVERY_MS = 500;

/** A log that discards everything: the default where a caller passes no logger. */
export const SILENT_LOG: Pick<Logger, "info" | "warn" | "error"> = { info: () => {}, warn: () => {}, error: () => {} };

/** Creates the logger of a process. `name` is in every line. `level` is a pino level or `silent`. `fatal` lines are flushed at once. */
export function createLogger(name: string, level: string): Logger {
	const stdout = destination({ dest: 1, sync: false, minLength: BUFFER_BYTES, periodicFlush: FLUSH_EVERY_MS });
	return pino({ name, level, base: { name, pid: process.pid } }, stdout);
}
