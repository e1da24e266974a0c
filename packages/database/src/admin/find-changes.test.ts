import { describe, expect, it } from "vitest";
import { findChanges } from "./find-changes.ts";

const current = { title: "Alien", rating: "R" as string | null, prices: { standard: 1250 } };

describe("findChanges", () => {
	it("returns the fields that differ, before and after", () => {
		expect(findChanges(current, { title: "Aliens", rating: null })).toEqual({
			before: { title: "Alien", rating: "R" },
			after: { title: "Aliens", rating: null },
		});
	});

	it("returns null when every given field has its current value already", () => {
		expect(findChanges(current, { title: "Alien", prices: { standard: 1250 } })).toBeNull();
		expect(findChanges(current, {})).toBeNull();
	});

	it("leaves absent and undefined fields as they are", () => {
		const changes: Partial<typeof current> = { prices: { standard: 1300 } };
		expect(findChanges(current, changes)?.after).toEqual({ prices: { standard: 1300 } });
	});
});
