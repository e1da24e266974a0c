/** Limits how many tasks run at the same time and how many wait. */

/** Thrown when a task can neither run nor wait. The task was not started; the caller may retry later. */
export class QueueFull extends Error {
	override readonly name = "QueueFull";
}

/** How many tasks may run, and how many more may wait. */
export type ConcurrencyLimit = { readonly runningMax: number; readonly waitingMax: number };

/**
 * Returns a function that runs tasks, at most `runningMax` at a time, first come first served. It resolves or rejects with the result of
 * the task, and rejects with `QueueFull` when `waitingMax` tasks are already waiting.
 */
export function limitConcurrency({ runningMax, waitingMax }: ConcurrencyLimit): <Result>(task: () => Promise<Result>) => Promise<Result> {
	let running = 0;
	const waiting: (() => void)[] = [];

	return async (task) => {
		if (running >= runningMax) {
			if (waiting.length >= waitingMax) throw new QueueFull(`${waiting.length} tasks are waiting already`);
			// A task that ends passes its place to this one, so `running` does not change.
			await new Promise<void>((resolve) => waiting.push(resolve));
		} else {
			running += 1;
		}
		try {
			return await task();
		} finally {
			const next = waiting.shift();
			if (next === undefined) running -= 1;
			else next();
		}
	};
}
