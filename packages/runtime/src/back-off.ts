/** How long to wait before the next attempt: the wait doubles with every failure up to a limit, and jitter spreads the callers. */

export type BackOff = {
	/**
	 * Counts a failure and returns the wait before the next attempt, in ms: `minMs` doubled for every failure before this one, at most
	 * `maxMs`, less a random part of up to half of it.
	 */
	next(): number;
	/** The attempt succeeded: the next wait is as short as the first. */
	reset(): void;
	/** Failures since the last success. */
	readonly failures: number;
};

export type BackOffOptions = {
	readonly minMs: number;
	readonly maxMs: number;
	/** From 0 to below 1. Default: `Math.random`. */
	readonly random?: () => number;
};

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
