import { describe, expect, it } from "vitest";
import { newSeatPlanId } from "./ids.ts";
import { findSeats, gridLayout, indexSeatPlan, placeOfRow, rowLabel, type SeatPlanLayout } from "./seat-plan.ts";

const tier = { id: "standard", name: "Standard" };
const grid = (rows: number, seatsPerRow: number, aisleAfter: number[] = []): SeatPlanLayout =>
	gridLayout({ rows, seatsPerRow, tiers: [tier], tierOfRow: () => tier.id, aisleAfter });

describe("indexSeatPlan", () => {
	it("numbers seats in reading order and does not count gaps", () => {
		const { seats, indexByLabel } = indexSeatPlan({ id: newSeatPlanId(), ...grid(2, 4, [2]) });
		expect(seats.map(({ label }) => label)).toEqual(["A1", "A2", "A3", "A4", "B1", "B2", "B3", "B4"]);
		expect(indexByLabel.get("B1")).toBe(4);
	});
});

describe("findSeats", () => {
	const plan = indexSeatPlan({ id: newSeatPlanId(), ...grid(10, 10) });

	it("finds a seat by its exact label only", () => {
		expect(findSeats(plan, ["A1", "J10"])).toEqual({ outcome: "found", indexes: [0, 99] });
		const spellings = ["A01", "A001", "a1", "A1 ", " A1", "A1\u0000", "А1", "A11", "K1", "", "__proto__", "constructor"];
		expect(findSeats(plan, ["A1", ...spellings])).toEqual({ outcome: "unknown_seats", labels: spellings });
	});
});

describe("rowLabel", () => {
	it("continues with two letters after Z, and with three after ZZ", () => {
		expect([0, 25, 26, 27, 51, 52, 701, 702].map(rowLabel)).toEqual(["A", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA"]);
	});
});

describe("gridLayout", () => {
	it("rows have a section only if the options name one", () => {
		const { rows } = gridLayout({
			rows: 2,
			seatsPerRow: 1,
			tiers: [tier],
			tierOfRow: () => tier.id,
			sectionOfRow: (row) => `Level ${row}`,
		});
		expect(rows.map(({ section }) => section)).toEqual(["Level 0", "Level 1"]);
		expect(Object.keys(grid(1, 1).rows[0] ?? {})).toEqual(["label", "seats"]);
	});
});

describe("placeOfRow", () => {
	it("has the section and the position that the row has, and no field that it does not have", () => {
		expect(placeOfRow({ label: "A", section: "Balcony", x: 0, y: -2.5, angle: 90 })).toEqual({
			section: "Balcony",
			x: 0,
			y: -2.5,
			angle: 90,
		});
		expect(Object.keys(placeOfRow({ label: "A" }))).toEqual([]);
	});
});
