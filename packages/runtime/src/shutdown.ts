/**
 * Stop a process cleanly: on SIGTERM, SIGINT or an uncaught error, `close` runs once, bounded in time, and the
 * process exits. What is told to end may drain first. When the parent that started it dies without a word (a killed runner), it stops as well.
 */
import { setTimeout as pause } from "node:timers/promises";
import closeWithGrace from "close-with-grace";
import type { Logger } from "./logger.ts";

/** How long `close` may take before the process is ended anyway. */
const CLOSE_DEADLINE_MS = 10_000;
/** How often the parent is looked at. */
const PARENT_CHECK_MS = 300;

export type CloseOptions = {
	readonly followParent: boolean;
	/** Between being told to end and `close` the process serves on for `forMs`, from `begin` on; not after an uncaught error. */
	readonly drain?: { readonly forMs: number; readonly begin: () => void };
};

export function closeOnSignals(logger: Logger, close: () => Promise<void>, options: CloseOptions): void {
	const { forMs: drainMs, begin: beginDrain } = options.drain ?? { forMs: 0, begin: () => {} };
	const grace = closeWithGrace({ delay: CLOSE_DEADLINE_MS + drainMs, logger: false }, async ({ err, signal }) => {
		if (err) logger.fatal({ err }, "stopping after an uncaught error");
		else {
			logger.info({ signal: signal ?? "parent gone", drainMs }, "stopping");
			beginDrain();
			if (drainMs > 0) await pause(drainMs);
		}
		await close();
	});
	if (options.followParent) whenParentDies(() => grace.close());
}

/** Calls back once when the process that started this one is gone. Does not keep this one alive. */
export function whenParentDies(callback: () => void): void {
	const parent = process.ppid;
	const watch = setInterval(() => {
		if (process.ppid === parent) return;
		clearInterval(watch);
		callback();
	}, PARENT_CHECK_MS).unref();
}
