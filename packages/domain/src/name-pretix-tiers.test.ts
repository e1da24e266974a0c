import { describe, expect, it } from "vitest";
import { nameCategories, nameTiers } from "./name-pretix-tiers.ts";

describe("nameCategories", () => {
	it("adds the id where the name alone would give another one", () => {
		const tiers = [
			{ id: "floor", name: "Floor" },
			{ id: "upper", name: "Upper tier" },
			{ id: "floor-2", name: "Floor" },
			// The id is what the name gives, but the name ends like an id in brackets.
			{ id: "box-1", name: "Box [1]" },
		];
		const names = ["Floor", "Upper tier [upper]", "Floor [floor-2]", "Box [1] [box-1]"];
		expect(nameCategories(tiers)).toEqual(names);
		expect(nameTiers(names)).toEqual(tiers);
	});
});

describe("nameTiers", () => {
	it("makes ids of at most 24 characters and a number, so that they fit", () => {
		const name = "Orchestra stalls, centre block, restricted view";
		expect(nameTiers([name, `${name}!`]).map(({ id }) => id)).toEqual(["orchestra-stalls-centre", "orchestra-stalls-centre-2"]);
	});

	it("takes no text in brackets for an id that is none", () => {
		expect(nameTiers(["Rang [Mitte links]", "[a]"])).toEqual([
			{ id: "rang-mitte-links", name: "Rang [Mitte links]" },
			{ id: "a", name: "[a]" },
		]);
	});
});
