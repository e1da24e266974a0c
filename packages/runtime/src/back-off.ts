/** How long to wait before the next attempt: twice as long after each failure, up to a maximum, and jittered. */

export type BackOff = {
	/** Counts a failure; gives how long to wait before the next attempt, in ms. */
	next(): number;
	/** Call after a success: the next wait is short again. */
	reset(): void;
	/** Failures since the last success. */
	readonly failures: number;
};

export type BackOffOptions = {
	/** The wait after the first failure, before jitter. */
	readonly minMs: number;
	/** No wait is longer. */
	readonly maxMs: number;
	/** From 0 up to, not including, 1. Default `Math.random`. */
	readonly random?: () => number;
};

/** Equal jitter: a wait is between half and all of its length, so that clients that failed together do not return together. */
export function createBackOff({ minMs, maxMs, random = Math.random }: BackOffOptions): BackOff {
	let failures = 0;
	return {
		next() {
			const waitMs = Math.min(minMs * 2 ** failures, maxMs);
			failures += 1;
			return waitMs * (0.5 + random() / 2);
		},
		reset() {
			failures = 0;
		},
		get failures() {
			return failures;
		},
	};
}
