/** The limits of lru-cache that the caches of this API rely on, checked against the installed version. */
import { LRUCache } from "lru-cache";
import { describe, expect, it } from "vitest";
import { createLru } from "./create-lru.ts";

describe("lru-cache", () => {
	it("keeps at most the given number of entries in createLru and evicts the least recently used one beyond that", () => {
		const cache = createLru<string, number>(2);
		cache.set("a", 1);
		cache.set("b", 2);
		expect(cache.size).toBe(2);
		cache.get("a");
		cache.set("c", 3);
		expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([1, undefined, 3]);
	});

	it("limits the total size instead of the number when `maxSize` is set", () => {
		const cache = new LRUCache<string, string>({ maxSize: 10, sizeCalculation: (text) => text.length });
		cache.set("a", "xxxx");
		cache.set("b", "xxxxxx");
		expect(cache.size).toBe(2);
		cache.set("c", "x");
		expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([undefined, "xxxxxx", "x"]);
	});

	it("does not store an entry larger than `maxSize`, and counts a replaced entry once", () => {
		const cache = new LRUCache<string, string>({ maxSize: 4, sizeCalculation: (text) => text.length });
		cache.set("a", "xxxxx");
		expect(cache.size).toBe(0);
		for (let round = 0; round < 3; round += 1) cache.set("b", "xxx");
		cache.set("c", "x");
		expect([cache.get("b"), cache.get("c")]).toEqual(["xxx", "x"]);
		cache.delete("b");
		cache.set("d", "xxx");
		expect([cache.get("c"), cache.get("d")]).toEqual(["x", "xxx"]);
	});
});
