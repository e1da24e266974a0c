import { describe, expect, it } from "vitest";
import { createBackOff } from "./back-off.ts";

describe("createBackOff", () => {
	it("doubles the wait with every failure, from the minimum up to the maximum", () => {
		const backOff = createBackOff({ minMs: 50, maxMs: 500, random: () => 0 });
		expect(Array.from({ length: 6 }, () => backOff.next())).toEqual([50, 100, 200, 400, 500, 500]);
	});

	it("shortens each wait by a random part of up to half of it", () => {
		const backOff = createBackOff({ minMs: 50, maxMs: 500, random: () => 0.5 });
		expect([backOff.next(), backOff.next()]).toEqual([37.5, 75]);
		const waits = Array.from({ length: 1_000 }, () => createBackOff({ minMs: 50, maxMs: 500 }).next());
		expect(Math.min(...waits)).toBeGreaterThan(25);
		expect(Math.max(...waits)).toBeLessThanOrEqual(50);
		expect(new Set(waits).size).toBeGreaterThan(1);
	});

	it("counts the failures and starts again at the minimum after a success", () => {
		const backOff = createBackOff({ minMs: 50, maxMs: 500, random: () => 0 });
		expect(backOff.failures).toBe(0);
		backOff.next();
		backOff.next();
		expect(backOff.failures).toBe(2);
		backOff.reset();
		expect([backOff.failures, backOff.next()]).toEqual([0, 50]);
	});

	it("stays at the maximum however often the attempt fails", () => {
		const backOff = createBackOff({ minMs: 50, maxMs: 500, random: () => 0 });
		for (let failure = 0; failure < 2_000; failure += 1) backOff.next();
		expect(backOff.next()).toBe(500);
	});
});
