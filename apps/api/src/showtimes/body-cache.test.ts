import { describe, expect, it } from "vitest";
import { createBodyCache } from "./body-cache.ts";

describe("createBodyCache", () => {
	it("renders a body once per tag, keeps the newest body of each key, and evicts bodies beyond its size", () => {
		const rendered: string[] = [];
		const bodies = createBodyCache<string>({ bytesMax: 10 });
		const body = (key: string, tag: string, text: string) =>
			bodies
				.body(key, tag, () => {
					rendered.push(`${key} ${tag}`);
					return text;
				})
				.toString();
		expect([body("a", "1", "aaaaa"), body("a", "1", "never"), body("b", "1", "bbbbb"), body("a", "1", "never")]).toEqual([
			"aaaaa",
			"aaaaa",
			"bbbbb",
			"aaaaa",
		]);
		expect(rendered).toEqual(["a 1", "b 1"]);
		body("a", "2", "AAAAA");
		body("a", "1", "aaaaaa");
		body("b", "1", "bbbbb");
		expect(rendered).toEqual(["a 1", "b 1", "a 2", "a 1", "b 1"]);
	});
});
