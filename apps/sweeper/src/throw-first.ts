/** Once every bucket had its turn: the first failure of those that failed is thrown. */
export function throwFirst(settled: readonly PromiseSettledResult<unknown>[]): void {
	for (const one of settled) if (one.status === "rejected") throw one.reason;
}
