import { describe, expect, it } from "vitest";
import { createTokenBuckets } from "./token-buckets.ts";

/** Buckets with a clock that the test sets. */
function buckets(options: { perSecond: number; burst: number; keptMax?: number }) {
	let nowMs = 1_000_000.7;
	const { take } = createTokenBuckets({ keptMax: 10, ...options, now: () => nowMs });
	return {
		take,
		pass: (ms: number) => {
			nowMs += ms;
		},
		takeMany: (key: string, count: number) => Array.from({ length: count }, () => take(key)).filter((waitMs) => waitMs === 0).length,
	};
}

describe("createTokenBuckets", () => {
	it.each([
		{ perSecond: 5, burst: 100 },
		{ perSecond: 3, burst: 7 },
		{ perSecond: 1, burst: 1 },
		{ perSecond: 1_000_000, burst: 1_000_000 },
	])("gives exactly the burst of tokens at once with %j", (options) => {
		const { takeMany, take } = buckets(options);
		expect(takeMany("ada", options.burst)).toBe(options.burst);
		expect(take("ada")).toBeGreaterThan(0);
	});

	it("fills a bucket at its rate up to its burst, and returns the time until the next token", () => {
		const { take, takeMany, pass } = buckets({ perSecond: 5, burst: 100 });
		takeMany("ada", 100);
		expect(take("ada")).toBeCloseTo(200);
		pass(150);
		expect(take("ada")).toBeCloseTo(50);
		pass(50);
		expect([take("ada"), take("ada") > 0]).toEqual([0, true]);
		pass(1_000);
		expect(takeMany("ada", 10)).toBe(5);
		pass(3_600_000);
		expect(takeMany("ada", 200)).toBe(100);
	});

	it("keeps a separate bucket for each key", () => {
		const { take, takeMany } = buckets({ perSecond: 5, burst: 2 });
		takeMany("ada", 3);
		expect(take("bob")).toBe(0);
	});

	it("evicts the least recently used bucket beyond the maximum number", () => {
		const { take, takeMany } = buckets({ perSecond: 5, burst: 1, keptMax: 2 });
		takeMany("ada", 1);
		takeMany("bob", 1);
		expect([take("ada"), take("bob")].every((waitMs) => waitMs > 0)).toBe(true);
		take("eve");
		expect([take("bob") > 0, take("ada")]).toEqual([true, 0]);
	});
});
