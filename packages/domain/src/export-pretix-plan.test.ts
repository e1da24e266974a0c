import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exportPretixPlan, listSeatKinds } from "./export-pretix-plan.ts";
import { findLayoutErrors } from "./find-layout-errors.ts";
import { importPretixPlan } from "./import-pretix-plan.ts";
import { type PlanRow, SEAT_KINDS, type SeatPlanLayout } from "./seat-plan.ts";

/** What comes back of a layout that is exported and imported. The document is sent as JSON in between. */
function roundTrip(layout: SeatPlanLayout): SeatPlanLayout {
	const result = importPretixPlan(JSON.parse(JSON.stringify(exportPretixPlan(layout, "Hall"))), { kinds: listSeatKinds(layout) });
	if (result.outcome !== "imported") throw new Error(`the exported plan is invalid: ${JSON.stringify(result.errors)}`);
	return result.layout;
}
/** A layout without positions, and without the gaps that no seat follows. */
const comparable = ({ tiers, rows }: SeatPlanLayout) => ({
	tiers,
	rows: rows.map(({ label, section, seats }) => ({
		label,
		section,
		seats: seats.slice(0, seats.findLastIndex((seat) => seat !== null) + 1),
	})),
});

const seat = (label: string, kind: (typeof SEAT_KINDS)[number] = "standard") => ({ label, tier: "floor", kind });
const SMALL: SeatPlanLayout = {
	tiers: [
		{ id: "floor", name: "Floor" },
		{ id: "up", name: "Upper tier" },
	],
	rows: [
		{ label: "A", section: "Block 1", seats: [null, seat("A1", "wheelchair"), null, null, seat("A-2")] },
		{ label: "B", section: "Block 1", x: -1, y: 1, angle: 90, seats: [seat("VIP"), seat("B2")] },
		{ label: "A", seats: [{ ...seat("X1"), tier: "up" }] },
	],
};

describe("exportPretixPlan", () => {
	it("writes zones, rows, seats and categories as pretix has them, with a margin around the seats", () => {
		expect(exportPretixPlan(SMALL, "Arena")).toEqual({
			name: "Arena",
			size: { width: 175, height: 100 },
			categories: [
				{ name: "Floor", color: expect.stringMatching(/^#[0-9a-f]{6}$/) },
				{ name: "Upper tier [up]", color: expect.stringMatching(/^#[0-9a-f]{6}$/) },
			],
			zones: [
				{
					name: "Block 1",
					zone_id: "holdfast-25-1",
					position: { x: 50, y: 25 },
					areas: [],
					rows: [
						{
							row_number: "A",
							row_number_position: "both",
							position: { x: 0, y: 0 },
							seats: [
								{ seat_guid: "A1", seat_number: "1", position: { x: 25, y: 0 }, category: "Floor" },
								{ seat_guid: "A-2", seat_number: "2", position: { x: 100, y: 0 }, category: "Floor" },
							],
						},
						{
							row_number: "B",
							row_number_position: "both",
							position: { x: -25, y: 25 },
							seats: [
								{ seat_guid: "VIP", seat_number: "VIP", position: { x: 0, y: 0 }, category: "Floor" },
								{ seat_guid: "B2", seat_number: "2", position: { x: 0, y: 25 }, category: "Floor" },
							],
						},
					],
				},
				{
					name: "",
					zone_id: "holdfast-25-2",
					position: { x: 50, y: 25 },
					areas: [],
					rows: [
						{
							row_number: "A",
							row_number_position: "both",
							position: { x: 0, y: 50 },
							seats: [{ seat_guid: "X1", seat_number: "X1", position: { x: 0, y: 0 }, category: "Upper tier [up]" }],
						},
					],
				},
			],
		});
	});

	it("lists the kinds of the seats that are not standard ones", () => {
		expect(listSeatKinds(SMALL)).toEqual({ A1: "wheelchair" });
	});

	it("lists the kinds of all seats if one that is not standard is labelled like a category", () => {
		const rows = [{ label: "A", seats: [seat("Floor", "companion"), seat("A1")] }];
		expect(listSeatKinds({ ...SMALL, rows })).toEqual({ Floor: "companion", A1: "standard" });
	});
});

describe("an exported plan", () => {
	it("is imported with its positions, moved so that they begin at 0", () => {
		expect(roundTrip(SMALL).rows.map(({ x, y, angle }) => [x, y, angle])).toEqual([
			[1, 0, 0],
			[0, 1, 90],
			[1, 2, 0],
		]);
	});

	it("is imported with its positions if no two seats are neighbours", () => {
		const rows = ["A", "B"].map((label, r) => ({ label, x: 0, y: 3 * r, angle: 0, seats: [seat(`${label}1`), null, seat(`${label}3`)] }));
		expect(roundTrip({ tiers: SMALL.tiers, rows }).rows).toEqual(rows);
	});

	it("is imported by distances alone once a seat was moved off its place", () => {
		const plan = exportPretixPlan(SMALL, "Hall");
		const zones = plan.zones.map((zone) => ({
			...zone,
			rows: zone.rows.map((row) => ({
				...row,
				seats: row.seats.map((one) => (one.seat_guid === "A1" ? { ...one, position: { x: 30, y: 0 } } : one)),
			})),
		}));
		const result = importPretixPlan({ ...plan, zones });
		expect(result.outcome === "imported" && result.layout.rows[0]?.seats.map((one) => one?.label)).toEqual(["A1", "A-2"]);
	});

	it("is imported with a seat that the editor of pretix added, whose guid is no label", () => {
		const plan = exportPretixPlan(SMALL, "Hall");
		const added = { seat_guid: "holdfast-25-1-A-3", seat_number: "3", position: { x: 125, y: 0 }, category: "Floor" };
		const zones = plan.zones.map((zone, z) => ({
			...zone,
			rows: zone.rows.map((row, r) => (z === 0 && r === 0 ? { ...row, seats: [...row.seats, added] } : row)),
		}));
		const result = importPretixPlan({ ...plan, zones });
		expect(result.outcome === "imported" && result.layout.rows[0]?.seats.map((one) => one?.label ?? ".").join(" ")).toBe(". A1 . . A-2 A3");
	});

	it("has the same tiers, rows, sections, labels, gaps and kinds again, whatever the valid layout", () => {
		fc.assert(
			fc.property(layoutArbitrary, (layout) => {
				fc.pre(findLayoutErrors(layout).length === 0);
				expect(comparable(roundTrip(layout))).toEqual(comparable(layout));
			}),
			{ numRuns: 300 },
		);
	});
});

const textArbitrary = (max: number) =>
	fc
		.array(fc.constantFrom("A", "b", "1", "9", " ", "-", ".", "é", "東", "[", "]", "x", "/", "~"), { minLength: 1, maxLength: max })
		.map((letters) => letters.join("").replace(/ +/g, " ").trim())
		.filter((text) => text !== "");
const TIER_IDS = ["a", "b", "tier", "x-1", "A_1", "e", "a-2", "9"];
const layoutArbitrary: fc.Arbitrary<SeatPlanLayout> = fc
	.record({
		tiers: fc.uniqueArray(fc.record({ id: fc.constantFrom(...TIER_IDS), name: textArbitrary(12) }), {
			minLength: 1,
			maxLength: 5,
			selector: ({ id }) => id,
		}),
		rows: fc.array(
			fc.record(
				{
					label: textArbitrary(5),
					section: fc.option(fc.constantFrom("Balcony", "Stalls [x]", "1"), { nil: undefined }),
					position: fc.option(
						fc.record({
							x: fc.double({ min: -100, max: 100, noNaN: true }),
							y: fc.double({ min: -100, max: 100, noNaN: true }),
							angle: fc.double({ min: -360, max: 360, noNaN: true }),
						}),
						{ nil: undefined },
					),
					gaps: fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 8 }),
					labels: fc.array(textArbitrary(8), { minLength: 8, maxLength: 8 }),
					tier: fc.nat(),
					kind: fc.constantFrom(...SEAT_KINDS),
				},
				{ noNullPrototype: true },
			),
			{ minLength: 1, maxLength: 6 },
		),
	})
	.map(({ tiers, rows }) => {
		const taken = new Set<string>();
		const drawn = rows.map(({ label, section, position, gaps, labels, tier, kind }, r): PlanRow => {
			const seats = gaps.flatMap((count, s): PlanRow["seats"] => {
				const own = labels[s] ?? "";
				const unique = taken.has(own) ? `${r}.${s}` : own;
				taken.add(unique);
				const tierId = tiers[(tier + s) % tiers.length]?.id ?? "";
				return [...Array<null>(count).fill(null), { label: unique, tier: tierId, kind: s % 2 === 0 ? kind : "standard" }];
			});
			return { label, ...(section !== undefined && { section }), ...position, seats };
		});
		return { tiers, rows: drawn };
	});
