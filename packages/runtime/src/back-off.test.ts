import { describe, expect, it } from "vitest";
import { createBackOff } from "./back-off.ts";

/** The waits after so many failures in a row. */
const waitsOf = (count: number, random: () => number) => {
	const backOff = createBackOff({ minMs: 50, maxMs: 300, random });
	return Array.from({ length: count }, () => backOff.next());
};

describe("createBackOff", () => {
	it("doubles the wait from failure to failure and never exceeds the maximum", () => {
		expect(waitsOf(6, () => 1)).toEqual([50, 100, 200, 300, 300, 300]);
	});

	it("takes off up to half of each wait at random", () => {
		expect(waitsOf(4, () => 0)).toEqual([25, 50, 100, 150]);
	});

	it("counts failures and starts from the shortest wait again after a reset", () => {
		const backOff = createBackOff({ minMs: 50, maxMs: 300, random: () => 1 });
		expect([backOff.next(), backOff.next(), backOff.failures]).toEqual([50, 100, 2]);
		backOff.reset();
		expect([backOff.failures, backOff.next(), backOff.failures]).toEqual([0, 50, 1]);
	});

	it("keeps the maximum after any number of failures", () => {
		expect(waitsOf(5_000, () => 1).at(-1)).toBe(300);
	});
});
