import { describe, expect, it } from "vitest";
import { exploreStates } from "./explore-states.ts";

/** A counter that can be doubled or raised, up to 20; it is not to reach 9. */
const counter = {
	start: 1,
	findSteps: (n: number) => [["double", n * 2] as const, ["raise", n + 1] as const].filter(([, next]) => next <= 20),
	encodeState: String,
	findViolations: (n: number) => (n === 9 ? (["nine"] as const) : []),
	stateMax: 20,
};

describe("exploreStates", () => {
	it("visits every state once and finds a shortest trace", () => {
		const { stateCount, traces } = exploreStates(counter);
		expect(stateCount).toBe(20);
		expect([...traces]).toEqual([["nine", ["double", "double", "double", "raise"]]]);
	});

	it("throws at one state more than its limit, rather than vouch for what it has not seen", () => {
		expect(() => exploreStates({ ...counter, stateMax: 19 })).toThrow("there are more than 19 states");
	});

	it("ends at the violation it was asked for", () => {
		expect(exploreStates({ ...counter, until: "nine" }).stateCount).toBeLessThan(20);
	});
});
