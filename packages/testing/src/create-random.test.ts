import { describe, expect, it } from "vitest";
import { createRandom } from "./create-random.ts";

const drawn = (seed: number, count: number): number[] => {
	const random = createRandom(seed);
	return Array.from({ length: count }, () => random.below(1_000));
};

describe("createRandom", () => {
	it("draws the same again from the same seed, and something else from the next one", () => {
		expect(drawn(7, 20)).toEqual(drawn(7, 20));
		expect(drawn(8, 20)).not.toEqual(drawn(7, 20));
	});

	it("draws every number below its bound and no other, and 0 where there is nothing below it", () => {
		const random = createRandom(1);
		const seen = new Set(Array.from({ length: 200 }, () => random.below(5)));
		expect([...seen].sort()).toEqual([0, 1, 2, 3, 4]);
		expect(random.below(0)).toBe(0);
	});

	it("is as even over the first draws of many seeds in a row as over the draws of one seed", () => {
		const counts = new Array<number>(10).fill(0);
		for (let seed = 0; seed < 10_000; seed += 1) {
			const first = createRandom(seed * 7_919).below(10);
			counts[first] = (counts[first] ?? 0) + 1;
		}
		for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
	});

	it("picks from a list, and refuses an empty one", () => {
		const random = createRandom(3);
		expect(["a", "b"]).toContain(random.pick(["a", "b"]));
		expect(() => random.pick([])).toThrow("nothing to pick from");
	});
});
