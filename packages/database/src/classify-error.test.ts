import { expect, it } from "vitest";
import { classifySettleError, codeOf, DatabaseOutcomeUnknown, isDatabaseUnavailable } from "./classify-error.ts";

const coded = (code: string) => Object.assign(new Error("x"), { code });

it.each([
	["ECONNREFUSED", "retry", true],
	["CONNECT_TIMEOUT", "retry", true],
	["CONNECTION_CLOSED", "retry", true],
	["DATABASE_TIMEOUT", "too_slow", true],
	["DATABASE_SILENCE", "retry", true],
	["08006", "retry", true],
	["57P01", "retry", true],
	["57P03", "retry", true],
	["57014", "too_slow", true],
	["53300", "retry", true],
	["53100", "retry", true],
	["25006", "retry", true],
	["40001", "retry", false],
	["40P01", "retry", false],
	["55P03", "retry", true],
	["22003", "poison", false],
	["23505", "poison", false],
	["42P01", "halt", false],
	["42703", "halt", false],
	["28P01", "halt", false],
	["XX000", "halt", false],
])("an error with code %s gets the settle class %s, bare or wrapped (database unavailable: %s)", (code, settleClass, isUnavailable) => {
	expect(classifySettleError(coded(code))).toBe(settleClass);
	expect(isDatabaseUnavailable(coded(code))).toBe(isUnavailable);
	for (const wrapped of [new Error("Failed query", { cause: coded(code) }), new DatabaseOutcomeUnknown(coded(code))]) {
		expect(classifySettleError(wrapped)).toBe(settleClass);
		expect(isDatabaseUnavailable(wrapped)).toBe(isUnavailable);
	}
});

it("an error without a code halts settling and does not count as an unavailable database", () => {
	for (const error of [new TypeError("x is not a function"), "text", null, undefined, { code: "08006" }]) {
		expect(codeOf(error)).toBeNull();
		expect(classifySettleError(error)).toBe("halt");
		expect(isDatabaseUnavailable(error)).toBe(false);
	}
});
