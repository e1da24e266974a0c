/** How long to wait before a request is repeated. The one rule for retries and for the seat stream. */

export type BackOffRule = {
	/** The wait after the first failure, and the shortest of all. Doubled from failure to failure. */
	readonly minMs: number;
	readonly maxMs: number;
	/** The longest wait that a server may ask for. Default: any. */
	readonly saidMaxMs?: number;
};

/** A wait is up to half as long again, at random: clients that were refused together must not return together. */
const JITTER = 0.5;

/** In ms, after `failures` in a row. `saidMs`: when the server said to come back, which goes before the rule; null: it did not say. */
export function backOffMs(
	failures: number,
	saidMs: number | null,
	{ minMs, maxMs, saidMaxMs = Number.POSITIVE_INFINITY }: BackOffRule,
): number {
	const waitMs = saidMs === null ? Math.min(minMs * 2 ** (failures - 1), maxMs) : Math.min(Math.max(saidMs, minMs), saidMaxMs);
	return waitMs * (1 + Math.random() * JITTER);
}
