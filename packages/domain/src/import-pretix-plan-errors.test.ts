/** What the import of a pretix plan refuses: every error, with pointers into the document, whatever the document is. */
import { describe, expect, it } from "vitest";
import { importPretixPlan, type PretixImportOptions } from "./import-pretix-plan.ts";
import {
	PLAN_ERRORS_PER_KIND_MAX,
	PRETIX_COORDINATE_MAX,
	PRETIX_ENTRIES_MAX,
	PRETIX_TEXT_MAX_CHARS,
	SECTION_MAX_CHARS,
	TIERS_PER_PLAN_MAX,
} from "./limits.ts";
import { type FixturePlan, type FixtureSeat, pretixPlan, pretixRow, theatrePlan } from "./testing/pretix-fixture.ts";

/** Kind, total and pointers of the errors; empty if the plan is imported. */
function found(plan: unknown, options?: PretixImportOptions) {
	const result = importPretixPlan(plan, options);
	if (result.outcome === "imported") return [];
	return result.errors.map(({ kind, total, errors }) => [kind, total, ...errors.map(({ pointer }) => pointer)]);
}
/** The errors of an import, and the processor time that it took. */
function timed(run: () => ReturnType<typeof importPretixPlan>) {
	const before = process.cpuUsage();
	const result = run();
	const { user, system } = process.cpuUsage(before);
	return { kinds: result.outcome === "invalid_plan" ? result.errors : [], tookMs: (user + system) / 1_000 };
}
/** A plan of two seats, of which the second is changed. */
function withSeat(change: FixtureSeat): FixturePlan {
	const row = pretixRow("p", "A", { y: 0 }, [0, 25]);
	return pretixPlan([{ ...row, seats: row.seats.map((seat, s) => (s === 1 ? { ...seat, ...change } : seat)) }]);
}
const SEAT = "/zones/0/rows/0/seats/1";
const twoSeats = () => withSeat({});
const row = (label: string, xs = [0, 25]) => pretixRow("p", label, { y: 0 }, xs);

describe("a pretix plan with one error", () => {
	it.each<[string, FixturePlan, (string | number)[]]>([
		["seat without guid", withSeat({ seat_guid: undefined }), ["seat_guid", 1, `${SEAT}/seat_guid`]],
		["seat with the guid of another", withSeat({ seat_guid: "p-A-1" }), ["duplicate_guid", 1, `${SEAT}/seat_guid`]],
		["seat without number", withSeat({ seat_number: null }), ["seat_number", 1, `${SEAT}/seat_number`]],
		["seat with a blank number", withSeat({ seat_number: " " }), ["seat_number", 1, `${SEAT}/seat_number`]],
		["seat with the number of another", withSeat({ seat_number: "1" }), ["duplicate_seat_label", 1, `${SEAT}/seat_number`]],
		["seat whose number is too long", withSeat({ seat_number: "1234567".repeat(2) }), ["seat_label", 1, `${SEAT}/seat_number`]],
		["seat whose number has an invisible character", withSeat({ seat_number: "2\u200b" }), ["seat_label", 1, `${SEAT}/seat_number`]],
		["seat of an unknown category", withSeat({ category: "parkett" }), ["unknown_category", 1, `${SEAT}/category`]],
		["seat without category", withSeat({ category: "" }), ["unknown_category", 1, `${SEAT}/category`]],
		["seat without position", withSeat({ position: undefined }), ["coordinate", 1, `${SEAT}/position`]],
		["seat with half a position", withSeat({ position: { x: 1 } }), ["coordinate", 1, `${SEAT}/position`]],
		["seat with a position of texts", withSeat({ position: { x: "1", y: "2" } }), ["coordinate", 1, `${SEAT}/position`]],
		["seat at no number", withSeat({ position: { x: Number.NaN, y: 0 } }), ["coordinate", 1, `${SEAT}/position`]],
		["seat at infinity", withSeat({ position: JSON.parse('{ "x": 1e999, "y": 0 }') }), ["coordinate", 1, `${SEAT}/position`]],
		["row with a wrong position", pretixPlan([{ ...row("A"), position: 5 }]), ["coordinate", 1, "/zones/0/rows/0/position"]],
		["row whose name is too long", pretixPlan([row("a".repeat(21))]), ["row_label", 1, "/zones/0/rows/0/row_number"]],
		["row whose name is no text", pretixPlan([{ ...row("A"), row_number: {} }]), ["structure", 1, "/zones/0/rows/0/row_number"]],
		["zone with a wrong position", pretixPlan([row("A")], { position: {} }), ["coordinate", 1, "/zones/0/position"]],
		["category without a name", { ...twoSeats(), categories: [{ name: "Parkett" }, {}] }, ["tier_name", 1, "/categories/1/name"]],
		["seat whose guid is no text", withSeat({ seat_guid: true }), ["structure", 1, `${SEAT}/seat_guid`]],
		["seat whose number is no whole number", withSeat({ seat_number: 1.5 }), ["structure", 1, `${SEAT}/seat_number`]],
		["seat whose category is no text", withSeat({ category: [] }), ["structure", 1, `${SEAT}/category`]],
		[
			"category whose name is no text",
			{ ...twoSeats(), categories: [{ name: "Parkett" }, { name: {} }] },
			["structure", 1, "/categories/1/name"],
		],
		["wrong name", { ...twoSeats(), name: [] }, ["structure", 1, "/name"]],
	])("is refused with a pointer: %s", (_, plan, error) => {
		expect(found(plan)).toEqual([error]);
	});

	it.each<[string, FixturePlan, FixturePlan, (string | number)[]]>([
		[
			"coordinate",
			withSeat({ position: { x: -PRETIX_COORDINATE_MAX, y: 0 } }),
			withSeat({ position: { x: -PRETIX_COORDINATE_MAX - 1, y: 0 } }),
			["coordinate", 1, `${SEAT}/position`],
		],
		[
			"guid",
			withSeat({ seat_guid: "g".repeat(PRETIX_TEXT_MAX_CHARS) }),
			withSeat({ seat_guid: "g".repeat(PRETIX_TEXT_MAX_CHARS + 1) }),
			["structure", 1, `${SEAT}/seat_guid`],
		],
		[
			"name of a zone",
			pretixPlan([row("A")], { name: "n".repeat(SECTION_MAX_CHARS) }),
			pretixPlan([row("A")], { name: "n".repeat(SECTION_MAX_CHARS + 1) }),
			["section", 1, "/zones/0/name"],
		],
		[
			"number of categories",
			{ ...twoSeats(), categories: Array.from({ length: TIERS_PER_PLAN_MAX }, (_, c) => ({ name: c === 0 ? "Parkett" : `${c}` })) },
			{ ...twoSeats(), categories: Array.from({ length: TIERS_PER_PLAN_MAX + 1 }, (_, c) => ({ name: c === 0 ? "Parkett" : `${c}` })) },
			["tier_count", 1, "/categories"],
		],
	])("accepts the largest %s, and refuses one above it", (_, atBound, pastIt, error) => {
		expect(found(atBound)).toEqual([]);
		expect(found(pastIt)).toEqual([error]);
	});
});

describe("a pointer to a seat", () => {
	it("counts the seats of the document, not the gaps and the direction of the imported row", () => {
		const aisle = row("A", [0, 25, 100]);
		aisle.seats[2] = { ...aisle.seats[2], seat_number: "2" };
		expect(found(pretixPlan([aisle]))).toEqual([["duplicate_seat_label", 1, "/zones/0/rows/0/seats/2/seat_number"]]);
		const turned = row("A", [100, 25, 0]);
		turned.seats[0] = { ...turned.seats[0], seat_number: "\u200b" };
		expect(found(pretixPlan([turned]))).toEqual([["seat_label", 1, "/zones/0/rows/0/seats/0/seat_number"]]);
	});
});

describe("the whole document", () => {
	it.each([null, undefined, 7, "plan", true, [], [[]], Number.NaN, () => 1, Symbol("plan"), 5n])(
		"is refused if it is no object: %s",
		(plan) => {
			expect(found(plan, { planPointer: "/plan" })).toEqual([
				["structure", 1, "/plan"],
				["tier_count", 1, "/plan/categories"],
			]);
		},
	);

	it("is refused if it has no lists, or nothing in them", () => {
		expect(found({})).toEqual([
			["structure", 2, "/categories", "/zones"],
			["tier_count", 1, "/categories"],
		]);
		expect(found({ categories: [], zones: [] })).toEqual([
			["tier_count", 1, "/categories"],
			["row_count", 1, "/zones"],
		]);
		expect(found(pretixPlan([{ row_number: "A", seats: [] }]))).toEqual([["row_count", 1, "/zones"]]);
	});

	it("lists values of a wrong type at every level", () => {
		const plan = { categories: [null, { name: "K" }], zones: [1, { rows: 2 }, { rows: ["x", { seats: null }, { seats: [[], null] }] }] };
		expect(found(plan)).toEqual([
			[
				"structure",
				7,
				"/categories/0",
				"/zones/0",
				"/zones/1/rows",
				"/zones/2/rows/0",
				"/zones/2/rows/1/seats",
				"/zones/2/rows/2/seats/0",
				"/zones/2/rows/2/seats/1",
			],
		]);
	});

	it("is not read through its prototypes", () => {
		const seat = Object.create({ seat_guid: "g", seat_number: "1", position: { x: 0, y: 0 }, category: "Parkett" });
		expect(found(pretixPlan([{ row_number: "A", seats: [seat] }])).map(([kind]) => kind)).toEqual([
			"coordinate",
			"seat_guid",
			"seat_number",
		]);
		const hidden = JSON.parse('{ "__proto__": { "categories": [{ "name": "K" }], "zones": [] } }');
		expect(found(hidden)[0]).toEqual(["structure", 2, "/categories", "/zones"]);
		const named = JSON.parse('{ "categories": [{ "name": "__proto__" }, { "name": "constructor" }], "zones": [] }');
		named.zones = pretixPlan([pretixRow("p", "A", { y: 0 }, [0], { category: "__proto__" })]).zones;
		const result = importPretixPlan(named, { kinds: JSON.parse('{ "__proto__": "wheelchair" }') });
		expect(result.outcome === "imported" && [result.layout.tiers.map(({ id }) => id), result.layout.rows[0]?.seats[0]]).toEqual([
			["proto", "constructor"],
			{ label: "A1", tier: "proto", kind: "wheelchair" },
		]);
		expect(Object.hasOwn(Object.prototype, "wheelchair")).toBe(false);
	});

	it("may be nested a hundred thousand levels deep where nothing is read", () => {
		let deep: unknown = [];
		for (let level = 0; level < 100_000; level += 1) deep = [deep];
		expect(found({ ...twoSeats(), extra: deep, size: deep })).toEqual([]);
		expect(found({ ...twoSeats(), name: deep })).toEqual([["structure", 1, "/name"]]);
	});

	it.each([
		["zones", () => ({ categories: [], zones: Array(4_000_000).fill(0) })],
		["empty zones", () => ({ categories: [], zones: Array(2_700_000).fill({}) })],
		["empty seats", () => pretixPlan([{ row_number: "A", seats: Array(2_700_000).fill({}) }])],
		["categories", () => ({ zones: [], categories: Array(600_000).fill({ name: "K" }) })],
	])("is refused without being read to its end if it is 8 MiB of %s", (_, build) => {
		const plan = build();
		const { kinds, tookMs } = timed(() => importPretixPlan(plan));
		expect(kinds.find(({ kind }) => kind === "entry_count")?.total).toBe(1);
		expect(tookMs).toBeLessThan(5_000);
		expect(JSON.stringify(kinds).length).toBeLessThan(200_000);
	});

	it("is read to its end if it has 100,000 entries, and not if it has one more", () => {
		const zones = (count: number) => ({
			...twoSeats(),
			zones: [...twoSeats().zones, ...Array.from({ length: count }, () => ({ rows: [] }))],
		});
		// Beside these zones: a category, a zone, a row and two seats.
		expect(found(zones(PRETIX_ENTRIES_MAX - 5))).toEqual([]);
		expect(found(zones(PRETIX_ENTRIES_MAX - 4))).toEqual([["entry_count", 1, `/zones/${PRETIX_ENTRIES_MAX - 4}`]]);
	});
});

describe("the mapping of kinds", () => {
	it.each<[string, unknown, string[]]>([
		["a key that names nothing", { "p-A-9": "wheelchair" }, ["/kinds/p-A-9"]],
		["a kind that does not exist", { Parkett: "sofa" }, ["/kinds/Parkett"]],
		["a kind that is no text", { Parkett: ["wheelchair"] }, ["/kinds/Parkett"]],
		["both, with an escaped pointer", { "a/b~c": null }, ["/kinds/a~1b~0c", "/kinds/a~1b~0c"]],
		["a key that is too long for a pointer", { ["k".repeat(PRETIX_TEXT_MAX_CHARS + 1)]: "standard" }, ["/kinds"]],
	])("is refused with %s", (_, kinds, pointers) => {
		expect(found(twoSeats(), { kinds: Object(kinds) })).toEqual([["kind_mapping", pointers.length, ...pointers]]);
	});

	it("may name a seat that is refused for another reason", () => {
		expect(found(withSeat({ seat_number: "" }), { kinds: { "p-A-2": "companion" } })).toEqual([["seat_number", 1, `${SEAT}/seat_number`]]);
	});

	it("is read up to 100,000 entries", () => {
		const kinds = Object.fromEntries(Array.from({ length: PRETIX_ENTRIES_MAX + 1 }, (_, k) => [`k${k}`, "standard"]));
		const totals = found(twoSeats(), { kinds }).map(([kind, total]) => [kind, total]);
		expect(totals).toEqual([
			["entry_count", 1],
			["kind_mapping", PRETIX_ENTRIES_MAX],
		]);
	});

	it("is named by pointers where the client sent it", () => {
		expect(found(theatrePlan(), { kinds: { x: "companion" }, kindsPointer: "/import/kinds" })).toEqual([
			["kind_mapping", 1, "/import/kinds/x"],
		]);
	});
});

describe("a pretix plan of 50,000 seats with every kind of error", () => {
	const category = (s: number) => (s % 2 === 0 ? "none" : "Parkett");
	const seat = (r: number, s: number): FixtureSeat => {
		const at = { seat_number: "12345678", position: { x: s * 25, y: 0 }, category: category(s) };
		if (s < 10) return { ...at, seat_guid: "same" };
		if (s < 20) return { ...at, seat_guid: "" };
		if (s < 30) return { ...at, seat_guid: `${r}-${s}`, seat_number: "" };
		if (s < 40) return { ...at, seat_guid: `${r}-${s}`, position: { x: s, y: 1e7 } };
		return { ...at, seat_guid: `${r}-${s}`, seat_number: "1" };
	};
	const rows = Array.from({ length: 1_001 }, (_, r) => ({
		row_number: "r".repeat(21),
		position: r === 0 ? { x: "0" } : { x: 0, y: r },
		seats: Array.from({ length: 50 }, (_, s) => seat(r, s)),
	}));
	const plan = {
		...pretixPlan(rows, { name: "\u0000" }),
		name: 0.5,
		categories: Array.from({ length: 27 }, (_, c) => ({ name: c === 0 ? "Parkett" : `${c} [-]`.replace("[-]", "[a]") })),
	};

	it("is refused with the exact number of each kind, in less than two seconds of processor time", () => {
		const { kinds, tookMs } = timed(() => importPretixPlan(plan, { kinds: { x: "standard", y: "sofa" } }));
		expect(Object.fromEntries(kinds.map(({ kind, total }) => [kind, total]))).toEqual({
			structure: 1,
			section: 1,
			coordinate: 1 + 10 * 1_001,
			duplicate_guid: 10 * 1_001 - 1,
			seat_guid: 10 * 1_001,
			seat_number: 10 * 1_001,
			// Seats without guid, number or position are not judged further: 20 of each row are, and half of them are of no category.
			unknown_category: 10 * 1_001,
			kind_mapping: 3,
			tier_count: 1,
			row_count: 1,
			duplicate_tier: 25,
			row_label: 1_001,
			// The first ten seats of a row have one number, which is too long, and the last ten have one number.
			seat_label: 10 * 1_001,
			duplicate_seat_label: (9 + 9) * 1_001,
		});
		for (const { total, errors } of kinds) expect(errors).toHaveLength(Math.min(total, PLAN_ERRORS_PER_KIND_MAX));
		expect(tookMs).toBeLessThan(2_000);
	});
});
