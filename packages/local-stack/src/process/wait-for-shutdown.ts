/**
 * Waits until this process should exit: after a signal, or after the exit of its parent process. The parent matters because npm's
 * shell does not forward SIGTERM, and a parent that is killed with SIGKILL cannot forward any signal.
 */
const PARENT_CHECK_MS = 200;

/** Resolves to the reason when this process should exit: the first signal, or the exit of its parent. Later signals are ignored. */
export function waitForShutdown(): Promise<NodeJS.Signals | "parent exited"> {
	return new Promise((resolve) => {
		for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve(signal));
		void waitForParentExit().then(() => resolve("parent exited"));
	});
}

function waitForParentExit(): Promise<void> {
	const parent = process.ppid;
	return new Promise((resolve) => {
		const timer = setInterval(() => {
			if (process.ppid === parent) return;
			clearInterval(timer);
			resolve();
		}, PARENT_CHECK_MS).unref();
	});
}
