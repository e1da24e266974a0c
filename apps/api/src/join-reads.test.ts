import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { joinReads } from "./join-reads.ts";

/** Reads that settle when the test says so. Each resolves to its number. */
function openReads() {
	const sent: { key: string; answer(): void; fail(): void }[] = [];
	const join = joinReads((key: string) => {
		const { promise, resolve, reject } = Promise.withResolvers<number>();
		const number = sent.length + 1;
		sent.push({ key, answer: () => resolve(number), fail: () => reject(new Error(`read ${number} failed`)) });
		return promise;
	});
	return { sent, join };
}

describe("joinReads", () => {
	it("sends one read for the first call and one more for all calls before it settles", async () => {
		const { sent, join } = openReads();
		const results = Array.from({ length: 1_000 }, () => join("a"));
		expect(sent).toHaveLength(1);
		sent[0]?.answer();
		expect(await results[0]).toBe(1);
		await turn();
		expect(sent).toHaveLength(2);
		sent[1]?.answer();
		expect(new Set(await Promise.all(results.slice(1)))).toEqual(new Set([2]));
		expect(sent).toHaveLength(2);
	});

	it("never resolves a call with a read that was sent before the call", async () => {
		const { sent, join } = openReads();
		const first = join("a");
		const second = join("a");
		sent[0]?.answer();
		expect(await first).toBe(1);
		await turn();
		const third = join("a");
		sent[1]?.answer();
		expect(await second).toBe(2);
		await turn();
		sent[2]?.answer();
		expect(await third).toBe(3);
	});

	it("reads each key separately, and starts again after all reads have settled", async () => {
		const { sent, join } = openReads();
		const answers = [join("a"), join("b")];
		expect(sent.map(({ key }) => key)).toEqual(["a", "b"]);
		for (const read of sent) read.answer();
		expect(await Promise.all(answers)).toEqual([1, 2]);
		await turn();
		const again = join("a");
		expect(sent).toHaveLength(3);
		sent[2]?.answer();
		expect(await again).toBe(3);
	});

	it("rejects only the calls that share a failed read", async () => {
		const { sent, join } = openReads();
		const [first, second] = [join("a"), join("a")];
		sent[0]?.fail();
		await expect(first).rejects.toThrow("read 1 failed");
		await turn();
		sent[1]?.answer();
		expect(await second).toBe(2);
	});
});
