import { describe, expect, it } from "vitest";
import { findRegressions, type Sample, sumUp } from "./find-regressions.ts";

const sample = (api: number, redis = 40): Sample =>
	new Map([
		["hold api", api],
		["hold redis", redis],
		["hold postgres", 0.1],
		["hold floor floor", 27],
	]);
const compare = (base: readonly number[], head: readonly number[]) =>
	findRegressions(
		sumUp(
			base.map((api) => sample(api)),
			head.map((api) => sample(api)),
		),
	);

describe("sumUp", () => {
	it("returns the median, lowest value and spread of every role that did work, and of the total", () => {
		const figures = sumUp([sample(90), sample(100), sample(96)], [sample(91), sample(95), sample(99)]);
		expect(figures.find(({ name }) => name === "hold api")).toEqual({
			name: "hold api",
			base: { median: 96, lowest: 90, spread: 10 },
			head: { median: 95, lowest: 91, spread: 8 },
		});
		expect(figures.find(({ name }) => name === "hold total")?.base.median).toBeCloseTo(136.1);
		expect(figures.map(({ name }) => name)).not.toContain("hold postgres");
	});
});

describe("findRegressions", () => {
	it("accepts a total that rose by less than 3 % and less than the spread", () => {
		// 60 + 40.1 = 100.1; 3 % of it is 3.003.
		expect(compare([57, 60, 62], [58, 63, 64])).toEqual([]);
	});

	it("reports a total that rose by more than 3 %", () => {
		expect(compare([50, 60, 70], [50, 63.1, 70])).toEqual(["hold total rose by 3.1 %, more than 3 %"]);
	});

	it("reports a total that rose by more than the larger spread", () => {
		expect(compare([60, 60, 60.5], [61, 61, 61])).toEqual(["hold total rose by 1.0 us, more than the larger spread"]);
	});

	it("accepts a total that fell below the base", () => {
		expect(compare([60, 60, 60], [50, 50, 50])).toEqual([]);
	});
});
