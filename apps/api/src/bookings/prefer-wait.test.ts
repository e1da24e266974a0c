import { describe, expect, it } from "vitest";
import { PREFER_WAIT_MAX_S, parsePreferWait } from "./prefer-wait.ts";

describe("parsePreferWait", () => {
	it("finds the seconds among other preferences, and ignores what makes no sense", () => {
		expect(parsePreferWait(undefined)).toBeNull();
		expect(parsePreferWait("wait=5")).toBe(5);
		expect(parsePreferWait('respond-async, Wait = "3"; x=1')).toBe(3);
		for (const header of ["wait", "wait=", "wait=-1", "wait=1.5", "await=5", "wait=5s"]) expect(parsePreferWait(header)).toBeNull();
	});

	it("cuts a longer wish to the longest", () => {
		expect(parsePreferWait(`wait=${PREFER_WAIT_MAX_S}`)).toBe(PREFER_WAIT_MAX_S);
		expect(parsePreferWait(`wait=${PREFER_WAIT_MAX_S + 1}`)).toBe(PREFER_WAIT_MAX_S);
	});
});
