import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { withDeadline } from "./with-deadline.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A promise that resolves to "ok" or rejects with the error after `ms`. */
const after = (ms: number, outcome: "ok" | Error) =>
	new Promise<"ok">((resolve, reject) => setTimeout(() => (outcome === "ok" ? resolve(outcome) : reject(outcome)), ms));

describe("withDeadline", () => {
	it("returns the result of work that ends before the deadline, and leaves no timer behind", async () => {
		const answer = withDeadline(after(99, "ok"), 100, () => "late");
		await vi.advanceTimersByTimeAsync(99);
		expect([await answer, vi.getTimerCount()]).toEqual(["ok", 0]);
	});

	it("returns the result of `whenLate` at the deadline", async () => {
		const answer = withDeadline(after(101, "ok"), 100, () => "late");
		await vi.advanceTimersByTimeAsync(100);
		expect(await answer).toBe("late");
	});

	it("throws the error of `whenLate` at the deadline", async () => {
		const answer = withDeadline(after(101, "ok"), 100, () => {
			throw new Error("too late");
		});
		const thrown = expect(answer).rejects.toThrow("too late");
		await vi.advanceTimersByTimeAsync(100);
		await thrown;
	});

	it("throws the error of work that fails before the deadline, and leaves no timer behind", async () => {
		const thrown = expect(withDeadline(after(50, new Error("broke")), 100, () => "late")).rejects.toThrow("broke");
		await vi.advanceTimersByTimeAsync(50);
		await thrown;
		expect(vi.getTimerCount()).toBe(0);
	});

	it("ignores a failure of the work after the deadline", async () => {
		const unhandled = vi.fn();
		process.on("unhandledRejection", unhandled);
		const answer = withDeadline(after(150, new Error("broke")), 100, () => "late");
		await vi.advanceTimersByTimeAsync(200);
		vi.useRealTimers();
		await new Promise(setImmediate);
		process.off("unhandledRejection", unhandled);
		expect([await answer, unhandled.mock.calls]).toEqual(["late", []]);
	});
});
