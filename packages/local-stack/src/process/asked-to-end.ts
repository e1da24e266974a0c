/**
 * Notice that this process should end: a signal, or that whoever started it is gone. npm's shell passes no SIGTERM on,
 * and a SIGKILL tells nobody.
 */
const PARENT_CHECK_MS = 200;

/** Resolves with why, when this process is asked to end (the first signal) or its parent is gone. Later signals are ignored. */
export function askedToEnd(): Promise<NodeJS.Signals | "parent gone"> {
	return new Promise((resolve) => {
		for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve(signal));
		void parentIsGone().then(() => resolve("parent gone"));
	});
}

function parentIsGone(): Promise<void> {
	const parent = process.ppid;
	return new Promise((resolve) => {
		const timer = setInterval(() => {
			if (process.ppid === parent) return;
			clearInterval(timer);
			resolve();
		}, PARENT_CHECK_MS).unref();
	});
}
