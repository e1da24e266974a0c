import { describe, expect, it } from "vitest";
import { exploreStates } from "./explore-states.ts";

/** A counter that can be doubled or incremented, up to 20. Its one violation is the value 9. */
const counter = {
	start: 1,
	findSteps: (n: number) => [["double", n * 2] as const, ["raise", n + 1] as const].filter(([, next]) => next <= 20),
	encodeState: String,
	findViolations: (n: number) => (n === 9 ? (["nine"] as const) : []),
	stateMax: 20,
};

describe("exploreStates", () => {
	it("visits every state once and returns a shortest trace of each violation", () => {
		const { stateCount, traces } = exploreStates(counter);
		expect(stateCount).toBe(20);
		expect([...traces]).toEqual([["nine", ["double", "double", "double", "raise"]]]);
	});

	it("throws when there is one state more than its limit", () => {
		expect(() => exploreStates({ ...counter, stateMax: 19 })).toThrow("the search found more than 19 states");
	});

	it("stops at the violation that `until` names", () => {
		expect(exploreStates({ ...counter, until: "nine" }).stateCount).toBeLessThan(20);
	});
});
