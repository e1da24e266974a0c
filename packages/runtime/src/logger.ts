/** Structured logs: JSON lines on stdout, one schema for every process. */
import { type Logger, pino } from "pino";

export type { Logger };

/** A logger for one process; `name` tells which. `level` is a pino level, or `silent`. */
export function createLogger(name: string, level: string): Logger {
	return pino({ name, level, base: { name, pid: process.pid } });
}
