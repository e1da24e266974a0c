import { describe, expect, it, vi } from "vitest";
import { createSingleFlight } from "./single-flight.ts";

describe("createSingleFlight", () => {
	it("starts one call per key for any number of callers, and gives its result to all of them", async () => {
		const flights = createSingleFlight<string, number>();
		const { promise, resolve } = Promise.withResolvers<number>();
		const start = vi.fn(() => promise);
		const answers = [flights.run("a", start), flights.run("a", start), flights.run("a", start)];
		expect([flights.size, flights.has("a"), flights.has("b")]).toEqual([1, true, false]);
		resolve(7);
		expect(await Promise.all(answers)).toEqual([7, 7, 7]);
		expect([start.mock.calls.length, flights.size]).toEqual([1, 0]);
	});

	it("runs calls of different keys at the same time", async () => {
		const flights = createSingleFlight<string, string>();
		const run = (key: string) => flights.run(key, async () => key);
		const answers = [run("a"), run("b")];
		expect(flights.size).toBe(2);
		expect(await Promise.all(answers)).toEqual(["a", "b"]);
	});

	it("starts a new call once the last one has ended, whether it succeeded or failed", async () => {
		const flights = createSingleFlight<string, number>();
		await expect(flights.run("a", () => Promise.reject(new Error("broke")))).rejects.toThrow("broke");
		expect(flights.has("a")).toBe(false);
		expect(await flights.run("a", async () => 1)).toBe(1);
		expect(await flights.run("a", async () => 2)).toBe(2);
	});

	it("rejects for all callers when their shared call fails", async () => {
		const flights = createSingleFlight<string, number>();
		const start = vi.fn(() => Promise.reject(new Error("broke")));
		const settled = await Promise.allSettled([flights.run("a", start), flights.run("a", start)]);
		expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
		expect(start).toHaveBeenCalledOnce();
	});

	it("idle() waits for every call, including calls that start meanwhile and calls that fail", async () => {
		const flights = createSingleFlight<string, void>();
		const first = flights.run("a", async () => {
			await new Promise(setImmediate);
			flights.run("b", () => new Promise((_resolve, reject) => setImmediate(reject))).catch(() => {});
		});
		await flights.idle();
		expect(flights.size).toBe(0);
		await first;
	});
});
