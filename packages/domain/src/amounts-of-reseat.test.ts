import { expect, it } from "vitest";
import { amountsOfReseat } from "./amounts-of-reseat.ts";
import { newSeatPlanId } from "./ids.ts";
import { gridLayout, indexSeatPlan } from "./seat-plan.ts";

/** Row A (seats 0 to 3) is standard, row B (4 to 7) premium, row C (8 to 11) a box. */
const TIERS = ["standard", "premium", "box"];
const layout = gridLayout({
	rows: 3,
	seatsPerRow: 4,
	tiers: TIERS.map((id) => ({ id, name: id })),
	tierOfRow: (row) => TIERS[row] ?? "",
});
const plan = indexSeatPlan({ id: newSeatPlanId(), ...layout });
const prices = { standard: 1400, premium: 2000, box: 1700 };
const reseat = (seats: number[], amounts: number[], to: number[]) => amountsOfReseat({ plan, prices, from: { seats, amounts }, to });

it.each([
	["the same tier keeps what was paid, also after a change of prices", [0, 1], [1200, 1200], [2, 3], [1200, 1200]],
	["two tiers keep what was paid for each, in the order of the new seats", [0, 4], [1200, 1900], [5, 1], [1900, 1200]],
	["seats of one tier keep different amounts in their order", [0, 1], [1200, 1], [1, 2], [1200, 1]],
	["other tiers cost what they cost now, if that adds up to what was paid", [0, 4], [1400, 2000], [8, 9], [1700, 1700]],
	["a free booking does not move to seats that cost something", [0], [0], [4], null],
	["another sum is refused", [0, 1], [1200, 1200], [2, 4], null],
	["one seat of another tier costs its price, if that was paid", [0], [2000], [4], [2000]],
	["more seats of the same tier do not keep their amounts", [0], [1200], [1, 2], null],
])("amountsOfReseat prices the seats: %s", (_what, seats, amounts, to, expected) => {
	expect(reseat(seats, amounts, to)).toEqual(expected);
});

it("throws for a seat that the plan lacks and for a tier without a price", () => {
	expect(() => reseat([0], [1200], [12])).toThrow("no seat with index 12");
	expect(() => amountsOfReseat({ plan, prices: { standard: 1 }, from: { seats: [0], amounts: [1] }, to: [4] })).toThrow("no price");
});
