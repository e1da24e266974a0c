import { describe, expect, it } from "vitest";
import { withOpenShowtime } from "./with-open-showtime.ts";

type Result = { outcome: "done" } | { outcome: "not_ready" } | { outcome: "fenced" } | { outcome: "recovering" };
type Opening = { outcome: "opened" } | { outcome: "showtime_closed" };

/** Calls `withOpenShowtime` with functions that return these outcomes in turn. Returns the final outcome and the calls in order. */
async function run(results: Result["outcome"][], openings: Opening["outcome"][]) {
	const steps: string[] = [];
	const take = <Name extends string>(name: string, outcomes: Name[]): { outcome: Name } => {
		const outcome = outcomes.shift();
		if (outcome === undefined) throw new Error(`unexpected call of ${name}`);
		steps.push(`${name} ${outcome}`);
		return { outcome };
	};
	const { outcome } = await withOpenShowtime(
		async () => take("open", openings),
		async () => take("call", results),
	);
	return { outcome, steps };
}

describe("withOpenShowtime", () => {
	it.each(["done", "recovering"] as const)("returns the outcome %s of the operation without opening the showtime", async (outcome) => {
		expect(await run([outcome], [])).toEqual({ outcome, steps: [`call ${outcome}`] });
	});

	it.each(["not_ready", "fenced"] as const)("opens the showtime after the outcome %s and retries the operation", async (outcome) => {
		expect(await run([outcome, "done"], ["opened"])).toEqual({ outcome: "done", steps: [`call ${outcome}`, "open opened", "call done"] });
	});

	it("returns the outcome of an opening that fails, and does not retry the operation", async () => {
		expect(await run(["fenced"], ["showtime_closed"])).toEqual({
			outcome: "showtime_closed",
			steps: ["call fenced", "open showtime_closed"],
		});
	});

	it("tries the operation at most three times, then returns recovering", async () => {
		const { outcome, steps } = await run(["not_ready", "fenced", "not_ready"], ["opened", "opened"]);
		expect([outcome, steps.length]).toEqual(["recovering", 5]);
	});
});
