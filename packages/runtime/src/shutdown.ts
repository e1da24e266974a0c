/**
 * Stop a process cleanly: on SIGTERM, SIGINT or an uncaught error, `close` runs once, bounded in time, and the
 * process exits. When the parent that started it dies without a word (a killed runner), it stops as well.
 */
import closeWithGrace from "close-with-grace";
import type { Logger } from "./logger.ts";

/** How long `close` may take before the process is ended anyway. */
const CLOSE_DEADLINE_MS = 10_000;
/** How often the parent is looked at. */
const PARENT_CHECK_MS = 300;

export function closeOnSignals(logger: Logger, close: () => Promise<void>, options: { followParent: boolean }): void {
	const grace = closeWithGrace({ delay: CLOSE_DEADLINE_MS, logger: false }, async ({ err, signal }) => {
		if (err) logger.fatal({ err }, "stopping after an uncaught error");
		else logger.info({ signal: signal ?? "parent gone" }, "stopping");
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
