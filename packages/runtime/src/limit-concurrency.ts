/** Let only so many tasks run at once, and only so many wait. */

/** Thrown at once when a task can neither run nor wait. Nothing of it was started; it may be tried again later. */
export class QueueFull extends Error {
	override readonly name = "QueueFull";
}

export type ConcurrencyLimit = { readonly runningMax: number; readonly waitingMax: number };

/**
 * Make a gate: a function that runs a task when its turn comes, first come first served, and gives back what the task
 * gives. Rejects with `QueueFull` when `waitingMax` tasks wait already.
 */
export function limitConcurrency({ runningMax, waitingMax }: ConcurrencyLimit): <Result>(task: () => Promise<Result>) => Promise<Result> {
	let running = 0;
	const waiting: (() => void)[] = [];

	return async (task) => {
		if (running >= runningMax) {
			if (waiting.length >= waitingMax) throw new QueueFull(`${waiting.length} tasks are waiting already`);
			// Whoever finishes hands its place over, so `running` stays as it is.
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
