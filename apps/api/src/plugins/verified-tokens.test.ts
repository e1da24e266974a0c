import { beforeEach, describe, expect, it } from "vitest";
import { createVerifiedTokens } from "./verified-tokens.ts";

const KEPT_MAX = 10;
let nowMs = 0;
let verified: string[] = [];

/** Returns a cache whose verifier accepts tokens that begin with `valid` and records every token it verifies. */
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

describe("createVerifiedTokens", () => {
	it("verifies a valid token only once", () => {
		const read = open();
		expect([read("valid"), read("valid"), read("valid")]).toEqual(Array(3).fill({ of: "valid" }));
		expect(verified).toEqual(["valid"]);
	});

	it("keeps every verified token, however many forged tokens arrive", () => {
		const read = open();
		const tokens = Array.from({ length: KEPT_MAX }, (_, place) => `valid ${place}`);
		for (const token of tokens) read(token);
		for (let forged = 0; forged < 100 * KEPT_MAX; forged += 1) expect(read(`forged ${forged}`)).toBeNull();
		verified = [];
		for (const token of tokens) expect(read(token)).toEqual({ of: token });
		expect(verified).toEqual([]);
	});

	it("verifies a forged token each time it is used", () => {
		const read = open();
		expect([read("forged"), read("forged")]).toEqual([null, null]);
		expect(verified).toEqual(["forged", "forged"]);
	});

	it("keeps keptMax tokens and verifies the least recently used one again beyond that", () => {
		const read = open();
		for (let place = 0; place <= KEPT_MAX; place += 1) read(`valid ${place}`);
		verified = [];
		for (let place = KEPT_MAX; place >= 0; place -= 1) read(`valid ${place}`);
		expect(verified).toEqual(["valid 0"]);
	});

	it("refuses a token from its expiry on and not earlier", () => {
		const read = open();
		nowMs = 999;
		expect([read("valid"), read("valid")]).toEqual([{ of: "valid" }, { of: "valid" }]);
		nowMs = 1_000;
		expect([read("valid"), read("valid new")]).toEqual([null, null]);
	});
});
