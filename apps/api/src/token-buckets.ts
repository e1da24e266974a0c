/**
 * A token bucket for each key. A bucket fills at a steady rate up to its burst, and a request takes one token. Only the
 * instant at which the bucket will be full again is stored, so a full bucket needs no entry. Evicting a bucket can only let
 * a key continue sooner.
 */
import { createLru } from "./create-lru.ts";

/** Token buckets by key. */
export type TokenBuckets = {
	/** Takes a token and returns 0. If the bucket is empty, takes nothing and returns the time until the next token, ms. */
	take(key: string): number;
};

/** The rate and size of each bucket, and how many buckets are kept. */
export type TokenBucketsOptions = {
	readonly perSecond: number;
	readonly burst: number;
	/** Maximum number of buckets. Beyond it the least recently used one is evicted. About 150 bytes each. */
	readonly keptMax: number;
	/** A monotonic clock, ms. */
	readonly now?: () => number;
};

/** Tolerance for floating-point sums, ms. */
const ROUNDING_MS = 0.001;

/** Returns empty storage: every key starts with a full bucket. */
export function createTokenBuckets({ perSecond, burst, keptMax, now = () => performance.now() }: TokenBucketsOptions): TokenBuckets {
	const tokenMs = 1000 / perSecond;
	const fullAt = createLru<string, number>(keptMax);
	return {
		take(key) {
			const nowMs = now();
			const next = Math.max(fullAt.get(key) ?? 0, nowMs) + tokenMs;
			const missingMs = next - nowMs - burst * tokenMs;
			if (missingMs > ROUNDING_MS) return missingMs;
			fullAt.set(key, next);
			return 0;
		},
	};
}
