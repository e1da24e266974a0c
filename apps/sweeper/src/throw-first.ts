/** Throws the reason of the first rejected result, if there is one. For rounds that try every bucket before they fail. */
export function throwFirst(settled: readonly PromiseSettledResult<unknown>[]): void {
	for (const one of settled) if (one.status === "rejected") throw one.reason;
}
