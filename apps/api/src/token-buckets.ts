/**
 * One bucket of tokens for each who asks: it fills at a steady rate up to its burst, and a request takes one. Of a bucket
 * only the instant is kept at which it will be full again, so a full one is the same as none, and forgetting a bucket only
 * ever lets somebody ask sooner.
 */
import { LRUCache } from "lru-cache";

export type TokenBuckets = {
	/** Take a token: 0. There is none: how long until there is one, ms; nothing was taken. */
	take(key: string): number;
};

export type TokenBucketsOptions = {
	readonly perSecond: number;
	readonly burst: number;
	/** Buckets kept; past it the one used longest ago is forgotten. About 150 bytes each. */
	readonly keptMax: number;
	/** A clock in ms that never goes back. */
	readonly now?: () => number;
};

/** What sums of fractions may be off by, ms. */
const ROUNDING_MS = 0.001;

export function createTokenBuckets({ perSecond, burst, keptMax, now = () => performance.now() }: TokenBucketsOptions): TokenBuckets {
	const tokenMs = 1000 / perSecond;
	const fullAt = new LRUCache<string, number>({ max: keptMax });
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
