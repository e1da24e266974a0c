import { describe, expect, it } from "vitest";
import { findUnknownTiers } from "./find-unknown-tiers.ts";

const tiers = [
	{ id: "standard", name: "Standard" },
	{ id: "premium", name: "Premium" },
];

describe("findUnknownTiers", () => {
	it("returns null when the prices name every tier and no other", () => {
		expect(findUnknownTiers(tiers, { premium: 0, standard: 1250 })).toBeNull();
	});

	it("returns tiers without a price and prices without a tier", () => {
		expect(findUnknownTiers(tiers, { standard: 1250, royal: 9000 })).toEqual({ missing: ["premium"], unknown: ["royal"] });
		expect(findUnknownTiers([], { standard: 1250 })).toEqual({ missing: [], unknown: ["standard"] });
	});

	it("treats names of object members as plain tier ids", () => {
		expect(findUnknownTiers([{ id: "constructor", name: "C" }], {})).toEqual({ missing: ["constructor"], unknown: [] });
		expect(findUnknownTiers(tiers, { standard: 1, premium: 1, toString: 1 })).toEqual({ missing: [], unknown: ["toString"] });
	});
});
