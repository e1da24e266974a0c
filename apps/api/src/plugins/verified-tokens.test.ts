import { beforeEach, describe, expect, it } from "vitest";
import { createVerifiedTokens } from "./verified-tokens.ts";

const KEPT_MAX = 10;
let nowMs = 0;
let verified: string[] = [];

/** Takes tokens that begin with `valid`, and notes each that it was asked to verify. */
const open = () =>
	createVerifiedTokens({
		verify(token) {
			verified.push(token);
			return token.startsWith("valid") ? { tokenClaims: { of: token }, expiresAtMs: 1_000 } : null;
		},
		keptMax: KEPT_MAX,
		now: () => nowMs,
	});

beforeEach(() => {
	nowMs = 0;
	verified = [];
});

describe("the memory of verified tokens", () => {
	it("verifies a valid token once", () => {
		const read = open();
		expect([read("valid"), read("valid"), read("valid")]).toEqual(Array(3).fill({ of: "valid" }));
		expect(verified).toEqual(["valid"]);
	});

	it("keeps every verified token while any number of forged ones comes in", () => {
		const read = open();
		const tokens = Array.from({ length: KEPT_MAX }, (_, place) => `valid ${place}`);
		for (const token of tokens) read(token);
		for (let forged = 0; forged < 100 * KEPT_MAX; forged += 1) expect(read(`forged ${forged}`)).toBeNull();
		verified = [];
		for (const token of tokens) expect(read(token)).toEqual({ of: token });
		expect(verified).toEqual([]);
	});

	it("verifies a forged token each time it comes", () => {
		const read = open();
		expect([read("forged"), read("forged")]).toEqual([null, null]);
		expect(verified).toEqual(["forged", "forged"]);
	});

	it("keeps as many as it may, and past that verifies the one used longest ago again", () => {
		const read = open();
		for (let place = 0; place <= KEPT_MAX; place += 1) read(`valid ${place}`);
		verified = [];
		for (let place = KEPT_MAX; place >= 0; place -= 1) read(`valid ${place}`);
		expect(verified).toEqual(["valid 0"]);
	});

	it("refuses a token from its expiry on, and not a moment before", () => {
		const read = open();
		nowMs = 999;
		expect([read("valid"), read("valid")]).toEqual([{ of: "valid" }, { of: "valid" }]);
		nowMs = 1_000;
		expect([read("valid"), read("valid new")]).toEqual([null, null]);
	});
});
