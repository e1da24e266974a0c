/** Exponential back-off with jitter: how long to wait before the next attempt. */

/** The back-off of one operation that is retried. */
export type BackOff = {
	/**
	 * Counts a failure and returns the wait before the next attempt, in ms: `minMs`, doubled for every earlier failure, at most `maxMs`.
	 * Jitter then takes off up to half of it, so that callers that failed together do not retry together.
	 */
	next(): number;
	/** Call it after a success: the next wait is `minMs` again. */
	reset(): void;
	/** Failures since the last success. */
	readonly failures: number;
};

/** The bounds of the wait, and the source of the jitter. */
export type BackOffOptions = {
	readonly minMs: number;
	readonly maxMs: number;
	/** Returns a number from 0 to below 1. Default: `Math.random`. */
	readonly random?: () => number;
};

/** Creates a back-off without failures. */
export function createBackOff({ minMs, maxMs, random = Math.random }: BackOffOptions): BackOff {
	let failures = 0;
	return {
		next() {
			const longestMs = Math.min(minMs * 2 ** failures, maxMs);
			failures += 1;
			return longestMs * (1 - random() / 2);
		},
		reset() {
			failures = 0;
		},
		get failures() {
			return failures;
		},
	};
}
