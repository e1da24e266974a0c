/** Computes how long to wait before a retry: exponential back-off with jitter, used for requests and for the seat stream. */

/** The limits of the wait. */
export type BackOffRule = {
	/** The wait after the first failure and the shortest wait. It doubles with each further failure. */
	readonly minMs: number;
	/** The longest wait if the server asked for none. */
	readonly maxMs: number;
	/** The longest wait that a server can ask for with `Retry-After`. Default: no limit. */
	readonly retryAfterMaxMs?: number;
};

/** A random extra of up to half the wait, so that clients that were refused at the same time do not retry at the same time. */
const JITTER = 0.5;

/**
 * Returns the wait in ms after `failures` failures in a row (at least 1). `retryAfterMs` is the wait that the server asked for, which
 * replaces the exponential back-off; null if it asked for none.
 */
export function backOffMs(
	failures: number,
	retryAfterMs: number | null,
	{ minMs, maxMs, retryAfterMaxMs = Number.POSITIVE_INFINITY }: BackOffRule,
): number {
	const waitMs =
		retryAfterMs === null ? Math.min(minMs * 2 ** (failures - 1), maxMs) : Math.min(Math.max(retryAfterMs, minMs), retryAfterMaxMs);
	return waitMs * (1 + Math.random() * JITTER);
}
