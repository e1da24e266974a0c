import { describe, expect, it } from "vitest";
import { createBatchSize } from "./settle-bucket.ts";

describe("createBatchSize", () => {
	it("halves the batch size down to one, and doubles it up to the maximum", () => {
		const size = createBatchSize(5);
		const seen = [size.current()];
		for (let i = 0; i < 4; i += 1) {
			size.halve();
			seen.push(size.current());
		}
		for (let i = 0; i < 4; i += 1) {
			size.grow();
			seen.push(size.current());
		}
		expect(seen).toEqual([5, 2, 1, 1, 1, 2, 4, 5, 5]);
	});
});
