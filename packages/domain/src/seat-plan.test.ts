import { describe, expect, it } from "vitest";
import { newSeatPlanId } from "./ids.ts";
import { ROWS_PER_PLAN_MAX, SEAT_LABEL_MAX_CHARS, SEATS_PER_PLAN_MAX, TIERS_PER_PLAN_MAX } from "./limits.ts";
import { findLayoutError, findSeats, gridLayout, indexSeatPlan, type PlanSeat, rowLabel, type SeatPlanLayout } from "./seat-plan.ts";

const tier = { id: "standard", name: "Standard" };
const grid = (rows: number, seatsPerRow: number, aisleAfter: number[] = []): SeatPlanLayout =>
	gridLayout({ rows, seatsPerRow, tiers: [tier], tierOfRow: () => tier.id, aisleAfter });
const withSeat = (seat: Partial<PlanSeat>): SeatPlanLayout => ({
	tiers: [tier],
	rows: [{ label: "A", seats: [{ label: "A1", tier: tier.id, kind: "standard", ...seat }] }],
});

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

describe("findLayoutError", () => {
	it("accepts a layout at each limit, and rejects a layout one above it", () => {
		expect(findLayoutError(grid(500, 100))).toBeNull();
		expect(findLayoutError(grid(500, 101))).toContain(String(SEATS_PER_PLAN_MAX));
		expect(findLayoutError(grid(ROWS_PER_PLAN_MAX, 1))).toBeNull();
		expect(findLayoutError(grid(ROWS_PER_PLAN_MAX + 1, 1))).toContain(String(ROWS_PER_PLAN_MAX));
		const tiers = (count: number) => Array.from({ length: count }, (_, i) => (i === 0 ? tier : { id: `t${i}`, name: "Other" }));
		expect(findLayoutError({ ...grid(1, 1), tiers: tiers(TIERS_PER_PLAN_MAX) })).toBeNull();
		expect(findLayoutError({ ...grid(1, 1), tiers: tiers(TIERS_PER_PLAN_MAX + 1) })).toContain(String(TIERS_PER_PLAN_MAX));
		expect(findLayoutError(withSeat({ label: "A".repeat(SEAT_LABEL_MAX_CHARS) }))).toBeNull();
		expect(findLayoutError(withSeat({ label: "A".repeat(SEAT_LABEL_MAX_CHARS + 1) }))).toContain(String(SEAT_LABEL_MAX_CHARS));
	});

	it("rejects a layout without tiers, rows or seats, with two equal tier ids or seat labels, or with an unknown tier", () => {
		expect(findLayoutError({ tiers: [], rows: grid(1, 1).rows })).toContain("tiers");
		expect(findLayoutError({ tiers: [tier], rows: [] })).toContain("rows");
		expect(findLayoutError({ tiers: [tier], rows: [{ label: "A", seats: [null] }] })).toContain("seats");
		expect(findLayoutError({ tiers: [tier, tier], rows: grid(1, 1).rows })).toBe("two tiers have the same id");
		expect(findLayoutError({ tiers: [tier], rows: [...grid(1, 1).rows, ...grid(1, 1).rows] })).toBe("two seats have the label A1");
		expect(findLayoutError(withSeat({ tier: "royal" }))).toBe("seat A1 has the unknown tier royal");
	});
});
