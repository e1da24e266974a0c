/**
 * Graceful shutdown. On SIGTERM, SIGINT or an uncaught error, `close` runs once and the process exits. A process can also stop when its
 * parent has died, because a parent that is killed with SIGKILL cannot forward a signal.
 */
import { setTimeout as pause } from "node:timers/promises";
import closeWithGrace from "close-with-grace";
import type { Logger } from "./logger.ts";

/** How long `close` may take. After that the process exits anyway. */
const CLOSE_DEADLINE_MS = 10_000;
/** How often the parent's process id is checked. */
const PARENT_CHECK_MS = 300;

/** Options of `closeOnSignals`. */
export type CloseOptions = {
	/** Whether the process also stops when its parent has died. */
	readonly followParent: boolean;
	/** After a signal, `begin` is called and the process serves for another `forMs` before `close`. Skipped after an uncaught error. */
	readonly drain?: { readonly forMs: number; readonly begin: () => void };
};

/** Installs the handlers for signals and uncaught errors. Call it once per process. `close` gets 10 s, in addition to the drain. */
export function closeOnSignals(logger: Logger, close: () => Promise<void>, options: CloseOptions): void {
	const { forMs: drainMs, begin: beginDrain } = options.drain ?? { forMs: 0, begin: () => {} };
	const grace = closeWithGrace({ delay: CLOSE_DEADLINE_MS + drainMs, logger: false }, async ({ err, signal }) => {
		if (err) logger.fatal({ err }, "stopping after an uncaught error");
		else {
			logger.info({ signal: signal ?? "parent exited", drainMs }, "stopping");
			beginDrain();
			if (drainMs > 0) await pause(drainMs);
		}
		await close();
	});
	if (options.followParent) whenParentDies(() => grace.close());
}

/** Calls `callback` once when the parent of this process has exited. The timer does not keep this process alive. */
export function whenParentDies(callback: () => void): void {
	const parent = process.ppid;
	const watch = setInterval(() => {
		if (process.ppid === parent) return;
		clearInterval(watch);
		callback();
	}, PARENT_CHECK_MS).unref();
}
