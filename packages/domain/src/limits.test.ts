import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, LIMIT_SPECS } from "./limits.ts";

describe("the table of limits", () => {
	it("gives every limit a default inside its range, an environment variable that no other limit has, and a meaning", () => {
		const specs = Object.values(LIMIT_SPECS);
		for (const spec of specs) {
			expect(spec.default).toBeGreaterThanOrEqual(spec.min);
			expect(spec.default).toBeLessThanOrEqual(spec.max);
			expect(spec.meaning.length).toBeGreaterThan(10);
		}
		expect(new Set(specs.map(({ env }) => env)).size).toBe(specs.length);
		for (const [name, spec] of Object.entries(LIMIT_SPECS)) expect(Object.entries(DEFAULT_LIMITS)).toContainEqual([name, spec.default]);
	});
});
