/** Single flight: while a call for a key runs, further callers with the same key share its result. */

/** The calls that run, by key. */
export type SingleFlight<Key, Value> = {
	/** The result of the running call for `key`; if there is none, of a new call of `start`. Failures are shared too; nothing is cached. */
	run(key: Key, start: () => Promise<Value>): Promise<Value>;
	/** Whether a call for `key` is running. */
	has(key: Key): boolean;
	/** How many calls are running. */
	readonly size: number;
	/** Resolves when no call is running. */
	idle(): Promise<void>;
};

/**
 * Creates an empty single flight. A caller that joins a running call may get a result that was read before the caller asked. Do not use
 * it where that is wrong, for example for a client that reads what it has just changed.
 */
export function createSingleFlight<Key, Value>(): SingleFlight<Key, Value> {
	const running = new Map<Key, Promise<Value>>();
	return {
		run(key, start) {
			const already = running.get(key);
			if (already !== undefined) return already;
			const call = start().finally(() => running.delete(key));
			running.set(key, call);
			return call;
		},
		has: (key) => running.has(key),
		get size() {
			return running.size;
		},
		async idle() {
			while (running.size > 0) await Promise.allSettled(running.values());
		},
	};
}
