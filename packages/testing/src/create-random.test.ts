import { describe, expect, it } from "vitest";
import { createRandom } from "./create-random.ts";

const drawn = (seed: number, count: number): number[] => {
	const random = createRandom(seed);
	return Array.from({ length: count }, () => random.below(1_000));
};

describe("createRandom", () => {
	it("returns the same sequence for the same seed and a different one for the next seed", () => {
		expect(drawn(7, 20)).toEqual(drawn(7, 20));
		expect(drawn(8, 20)).not.toEqual(drawn(7, 20));
	});

	it("returns every integer below the bound and no other, and 0 for a bound of 0", () => {
		const random = createRandom(1);
		const seen = new Set(Array.from({ length: 200 }, () => random.below(5)));
		expect([...seen].sort()).toEqual([0, 1, 2, 3, 4]);
		expect(random.below(0)).toBe(0);
	});

	it("distributes the first numbers of many related seeds evenly", () => {
		const counts = new Array<number>(10).fill(0);
		for (let seed = 0; seed < 10_000; seed += 1) {
			const first = createRandom(seed * 7_919).below(10);
			counts[first] = (counts[first] ?? 0) + 1;
		}
		for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
	});

	it("picks an item of a list, and throws for an empty list", () => {
		const random = createRandom(3);
		expect(["a", "b"]).toContain(random.pick(["a", "b"]));
		expect(() => random.pick([])).toThrow("cannot pick from an empty list");
	});
});
