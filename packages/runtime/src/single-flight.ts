/** One call per key at a time: callers that ask for the same thing while a call runs share its result. */

export type SingleFlight<Key, Value> = {
	/** The result of the call that runs for this key; `start` begins one when none does. A failure is shared as well, and not kept. */
	run(key: Key, start: () => Promise<Value>): Promise<Value>;
	/** Whether a call runs for this key. */
	has(key: Key): boolean;
	/** Calls that run. */
	readonly size: number;
	/** Resolves when no call runs any more. */
	idle(): Promise<void>;
};

/**
 * A result can be older than the question of a caller that joins late. Where it must not be, as for a person who has just
 * changed what they ask for, each question needs a call that begins after it.
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
