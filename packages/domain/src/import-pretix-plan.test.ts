import { describe, expect, it } from "vitest";
import { findLayoutErrors } from "./find-layout-errors.ts";
import { importPretixPlan, type PretixImportOptions } from "./import-pretix-plan.ts";
import { PLACES_PER_PLAN_MAX, SEATS_PER_PLAN_MAX } from "./limits.ts";
import { pretixPlan, pretixRow, theatrePlan } from "./testing/pretix-fixture.ts";

/** The import of a plan that is expected to be valid. */
function imported(plan: unknown, options?: PretixImportOptions) {
	const result = importPretixPlan(plan, options);
	if (result.outcome !== "imported") throw new Error(`the plan is invalid: ${JSON.stringify(result.errors).slice(0, 500)}`);
	expect(findLayoutErrors(result.layout)).toEqual([]);
	return result;
}
/** The rows as text: label, then the labels of the seats, with a dot for each gap. */
const drawn = (plan: unknown) =>
	imported(plan).layout.rows.map((row) => `${row.label}: ${row.seats.map((seat) => seat?.label ?? ".").join(" ")}`);

describe("the plan of a theatre", () => {
	const { layout, summary } = imported(theatrePlan(), { kinds: { Rollstuhl: "wheelchair", "p-A-1": "companion" } });

	it("becomes rows from front to back, with an aisle, sections and prefixes where labels would clash", () => {
		expect(layout.rows.map((row) => [row.section, row.label, row.seats.map((seat) => seat?.label ?? ".").join(" ")])).toEqual([
			["Parkett", "A", "P-A1 P-A2 P-A3 . P-A4 P-A5 P-A6"],
			["Parkett", "B", "P-B1 P-B2 P-B3 . P-B4 P-B5 P-B6"],
			["Parkett", "R", "P-R1 P-R2"],
			["Balkon", "A", "B-A1 B-A2 B-A3 B-A4"],
			["Balkon", "B", "B-B4 B-B3 B-B2 B-B1"],
		]);
	});

	it("has a tier for each category, and kinds by guid or category", () => {
		expect(layout.tiers).toEqual([
			{ id: "parkett", name: "Parkett" },
			{ id: "rang-mitte", name: "Rang (Mitte)" },
			{ id: "rollstuhl", name: "Rollstuhl" },
		]);
		const seats = layout.rows.flatMap((row) => row.seats.filter((seat) => seat !== null));
		expect(seats.filter(({ kind }) => kind !== "standard")).toEqual([
			{ label: "P-A1", tier: "parkett", kind: "companion" },
			{ label: "P-R1", tier: "rollstuhl", kind: "wheelchair" },
			{ label: "P-R2", tier: "rollstuhl", kind: "wheelchair" },
		]);
	});

	it("has positions in seat widths from 0 on, and the angle of a slanted row", () => {
		expect(layout.rows.map(({ x, y, angle }) => [x, y, angle])).toEqual([
			[0, 0, 0],
			[0, 1.2, 0],
			[1, 3.6, 0],
			[0, 6, 26.565],
			[0, 7.6, 0],
		]);
	});

	it("is summarized by tiers, zones, kinds and what was left out", () => {
		expect(summary).toEqual({
			name: "Theater am Fluss",
			tiers: [
				{ category: "Parkett", tier: "parkett", seats: 12 },
				{ category: "Rang (Mitte)", tier: "rang-mitte", seats: 8 },
				{ category: "Rollstuhl", tier: "rollstuhl", seats: 2 },
			],
			zones: [
				{ section: "Balkon", labelPrefix: "B", seats: 8 },
				{ section: "Parkett", labelPrefix: "P", seats: 14 },
			],
			rows: 5,
			seats: 22,
			gaps: 2,
			kinds: { standard: 19, wheelchair: 2, companion: 1 },
			renumberedRows: [],
			ignored: { areas: 1, emptyRows: 1 },
		});
	});

	it("is imported the same way every time", () => {
		const options = { kinds: { Rollstuhl: "wheelchair", "p-A-1": "companion" } };
		expect(imported(theatrePlan(), options)).toEqual({ outcome: "imported", layout, summary });
	});
});

describe("a gap", () => {
	const gapsOf = (...xs: number[]) => drawn(pretixPlan([pretixRow("p", "A", { y: 0 }, xs)]))[0];

	it.each([
		["no gap at 1.5 of the median step", [0, 10, 20, 35], "A: A1 A2 A3 A4"],
		["one gap past 1.5 of the median step", [0, 10, 20, 35.1], "A: A1 A2 A3 . A4"],
		["two gaps where two seats are missing", [0, 10, 20, 50], "A: A1 A2 A3 . . A4"],
		["one gap between a pair and a single seat", [0, 10, 30], "A: A1 A2 . A3"],
		["no gap in a row of two seats", [0, 500], "A: A1 A2"],
		["no gap where all seats have one position", [5, 5, 5], "A: A1 A2 A3"],
		["no gap where most seats have one position", [5, 5, 5, 40], "A: A1 A2 A3 A4"],
	])("is found by its width: %s", (_, xs, row) => {
		expect(gapsOf(...xs)).toBe(row);
	});

	it("is measured along a slanted row", () => {
		const row = pretixRow("p", "A", { y: 0 }, [0, 30, 60, 120], { yOf: (x) => (x * 4) / 3 });
		expect(drawn(pretixPlan([row]))).toEqual(["A: A1 A2 A3 . A4"]);
	});
});

describe("the order of rows", () => {
	it("is by y, then x, over all zones, whatever the order of the document", () => {
		const plan = pretixPlan([
			pretixRow("p", "C", { y: 60 }, [0]),
			pretixRow("p", "A", { x: 50, y: 0 }, [0, 25], { from: 3 }),
			pretixRow("p", "A", { y: 0 }, [0, 25]),
		]);
		plan.zones.push({ name: "Loge", zone_id: "l", position: { x: 0, y: 10 }, rows: [pretixRow("l", "L", { y: 20 }, [0])] });
		expect(drawn(plan)).toEqual(["A: A1 A2", "A: A3 A4", "L: L1", "C: C1"]);
	});

	it("gives a row without a name its number", () => {
		expect(drawn(pretixPlan([pretixRow("p", "", { y: 9 }, [0, 25]), pretixRow("q", "Z", { y: 0 }, [0])]))).toEqual(["Z: Z1", "2: 2-1 2-2"]);
	});
});

describe("a category", () => {
	const tiersOf = (...names: string[]) => {
		const plan = pretixPlan([pretixRow("p", "A", { y: 0 }, [0], { category: names[0] ?? "" })]);
		return imported({ ...plan, categories: names.map((name) => ({ name })) }).layout.tiers.map(({ id }) => id);
	};

	it("becomes a tier with a unique id made of its name", () => {
		expect(tiersOf("Balcón Süd", "balcon sud", "Balcon-Süd!", "東", "?", "Straße 1")).toEqual([
			"balcon-sud",
			"balcon-sud-2",
			"balcon-sud-3",
			"tier",
			"tier-2",
			"strasse-1",
		]);
	});

	it("may name the id of its tier in square brackets", () => {
		expect(tiersOf("Upper", "Top [upper]", "Best [x] [VIP_1]")).toEqual(["upper-2", "upper", "VIP_1"]);
	});

	it("counts once if the plan lists it twice, and may have no seat", () => {
		expect(tiersOf("A", "B", "A")).toEqual(["a", "b"]);
	});
});

describe("lenience", () => {
	it("accepts plans without size, name, zone names, positions of zones and rows, and unknown fields, and numbers as texts", () => {
		const seat = (n: number) => ({
			seat_guid: n,
			seat_number: n,
			position: { x: n * 25, y: 0, z: 1 },
			category: "K",
			radius: 9,
			uuid: "?",
		});
		const plan = {
			categories: [{ name: "K" }],
			zones: [{ rows: [{ row_number: 7, seats: [seat(1), seat(2)], start_at: 3 }] }],
			version: 2,
		};
		expect(drawn(plan)).toEqual(["7: 7-1 7-2"]);
		expect(imported(plan).layout.rows[0]?.section).toBeUndefined();
	});

	it("tidies spaces and composed characters of names", () => {
		const plan = pretixPlan([pretixRow("p", " e\u0301 ", { y: 0 }, [0])], { name: "Rang\u00a0 links\n" });
		expect(imported(plan).layout.rows[0]).toMatchObject({ section: "Rang links", label: "é", seats: [{ label: "é1" }] });
	});
});

describe("a plan at the limits", () => {
	const xs = Array.from({ length: SEATS_PER_PLAN_MAX / 500 }, (_, i) => i * 25);
	const rows = Array.from({ length: 500 }, (_, r) => pretixRow("p", `${r}`, { y: r * 25 }, xs));

	it("is imported with 50,000 seats in less than two seconds of processor time, and refused with one more", () => {
		const before = process.cpuUsage();
		const { layout } = imported(pretixPlan(rows));
		const { user, system } = process.cpuUsage(before);
		expect((user + system) / 1_000).toBeLessThan(2_000);
		expect(layout.rows.flatMap(({ seats }) => seats)).toHaveLength(SEATS_PER_PLAN_MAX);
		const more = importPretixPlan(pretixPlan([...rows, pretixRow("p", "Z", { y: -25 }, [0])]));
		expect(more).toEqual({
			outcome: "invalid_plan",
			errors: [
				{
					kind: "seat_count",
					total: 1,
					errors: [{ pointer: "/zones", message: `the number of seats is not between 1 and ${SEATS_PER_PLAN_MAX}: 50001` }],
				},
			],
		});
	});

	it("has at most 100,000 seats and gaps, and names the row with the most gaps", () => {
		const wide = (gaps: number) => pretixPlan([pretixRow("p", "A", { y: 0 }, [0, 1, 2, 3 + gaps]), pretixRow("p", "B", { y: 10 }, [0])]);
		expect(imported(wide(PLACES_PER_PLAN_MAX - 5)).summary.gaps).toBe(PLACES_PER_PLAN_MAX - 5);
		const result = importPretixPlan(wide(PLACES_PER_PLAN_MAX - 4));
		expect(result.outcome === "invalid_plan" && result.errors.map(({ kind, errors }) => [kind, errors[0]?.pointer])).toEqual([
			["place_count", "/zones/0/rows/0/seats"],
		]);
	});
});
