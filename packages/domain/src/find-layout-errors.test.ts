import { describe, expect, it } from "vitest";
import { findLayoutErrors, type LayoutErrorKind, type UncheckedLayout } from "./find-layout-errors.ts";
import {
	PLACES_PER_PLAN_MAX,
	PLAN_ERRORS_PER_KIND_MAX,
	ROW_ANGLE_MAX,
	ROW_LABEL_MAX_CHARS,
	ROW_POSITION_MAX,
	ROWS_PER_PLAN_MAX,
	SEAT_LABEL_MAX_CHARS,
	SEATS_PER_PLAN_MAX,
	SECTION_MAX_CHARS,
	TIER_NAME_MAX_CHARS,
	TIERS_PER_PLAN_MAX,
} from "./limits.ts";
import { gridLayout, type PlanRow, type PlanTier } from "./seat-plan.ts";

const tier = { id: "standard", name: "Standard" };
const grid = (rows: number, seatsPerRow: number) => gridLayout({ rows, seatsPerRow, tiers: [tier], tierOfRow: () => tier.id });
const withTier = (other: Partial<PlanTier>): UncheckedLayout => ({
	...grid(1, 1),
	tiers: [tier, { id: "other", name: "Other", ...other }],
});
const withRow = (row: Partial<PlanRow>): UncheckedLayout => ({ tiers: [tier], rows: grid(1, 1).rows.map((one) => ({ ...one, ...row })) });
const withSeat = (seat: { label?: string; tier?: string; kind?: string }): UncheckedLayout => ({
	tiers: [tier],
	rows: [{ label: "A", seats: [null, { label: "A1", tier: tier.id, kind: "standard", ...seat }] }],
});
/** Kind, total and pointers of the errors. */
const found = (layout: UncheckedLayout) =>
	findLayoutErrors(layout).map(({ kind, total, errors }) => [kind, total, ...errors.map(({ pointer }) => pointer)]);

describe("a limit of a layout", () => {
	const tiers = (count: number): UncheckedLayout => ({
		...grid(1, 1),
		tiers: Array.from({ length: count }, (_, i) => (i === 0 ? tier : { id: `t${i}`, name: "Other" })),
	});
	const gaps = (count: number): UncheckedLayout => withRow({ seats: [...(grid(1, 1).rows[0]?.seats ?? []), ...Array(count).fill(null)] });
	it.each<[LayoutErrorKind, string, UncheckedLayout, UncheckedLayout]>([
		[
			"seat_count",
			"/rows",
			grid(500, SEATS_PER_PLAN_MAX / 500),
			{ tiers: [tier], rows: [...grid(500, 100).rows, { label: "1", seats: [{ label: "1", tier: tier.id, kind: "standard" }] }] },
		],
		["row_count", "/rows", grid(ROWS_PER_PLAN_MAX, 1), grid(ROWS_PER_PLAN_MAX + 1, 1)],
		["place_count", "/rows", gaps(PLACES_PER_PLAN_MAX - 1), gaps(PLACES_PER_PLAN_MAX)],
		["tier_count", "/tiers", tiers(TIERS_PER_PLAN_MAX), tiers(TIERS_PER_PLAN_MAX + 1)],
		["tier_id", "/tiers/1/id", withTier({ id: "a".repeat(32) }), withTier({ id: "a".repeat(33) })],
		[
			"tier_name",
			"/tiers/1/name",
			withTier({ name: "n".repeat(TIER_NAME_MAX_CHARS) }),
			withTier({ name: "n".repeat(TIER_NAME_MAX_CHARS + 1) }),
		],
		[
			"row_label",
			"/rows/0/label",
			withRow({ label: "l".repeat(ROW_LABEL_MAX_CHARS) }),
			withRow({ label: "l".repeat(ROW_LABEL_MAX_CHARS + 1) }),
		],
		[
			"section",
			"/rows/0/section",
			withRow({ section: "s".repeat(SECTION_MAX_CHARS) }),
			withRow({ section: "s".repeat(SECTION_MAX_CHARS + 1) }),
		],
		["row_position", "/rows/0/x", withRow({ x: -ROW_POSITION_MAX, y: 0 }), withRow({ x: -ROW_POSITION_MAX - 0.001, y: 0 })],
		["row_position", "/rows/0/y", withRow({ x: 0, y: ROW_POSITION_MAX }), withRow({ x: 0, y: ROW_POSITION_MAX + 1 })],
		["row_position", "/rows/0/angle", withRow({ x: 0, y: 0, angle: ROW_ANGLE_MAX }), withRow({ x: 0, y: 0, angle: ROW_ANGLE_MAX + 1 })],
		[
			"seat_label",
			"/rows/0/seats/1/label",
			withSeat({ label: "1".repeat(SEAT_LABEL_MAX_CHARS) }),
			withSeat({ label: "1".repeat(SEAT_LABEL_MAX_CHARS + 1) }),
		],
	])("is accepted at its bound, and one above it is the only error: %s at %s", (kind, pointer, atBound, pastIt) => {
		expect(found(atBound)).toEqual([]);
		expect(found(pastIt)).toEqual([[kind, 1, pointer]]);
	});
});

describe("findLayoutErrors", () => {
	it.each<[string, UncheckedLayout, (string | number)[]]>([
		["without rows", { tiers: [tier], rows: [] }, ["row_count", 1, "/rows"]],
		["with two tiers of one id", withTier({ id: "standard" }), ["duplicate_tier", 1, "/tiers/1/id"]],
		["with a tier whose id is a property of every object", withTier({ id: "__proto__" }), ["tier_id", 1, "/tiers/1/id"]],
		["with a tier without a name", withTier({ name: "" }), ["tier_name", 1, "/tiers/1/name"]],
		["with a row without a label", withRow({ label: "" }), ["row_label", 1, "/rows/0/label"]],
		["with an empty section", withRow({ section: "" }), ["section", 1, "/rows/0/section"]],
		["with an x without y", withRow({ x: 1 }), ["row_position", 1, "/rows/0"]],
		["with a y without x", withRow({ y: 1 }), ["row_position", 1, "/rows/0"]],
		["with an angle alone", withRow({ angle: 1 }), ["row_position", 1, "/rows/0"]],
		["with an x that is no number", withRow({ x: Number.NaN, y: 0 }), ["row_position", 1, "/rows/0/x"]],
		["with an infinite y", withRow({ x: 0, y: Number.POSITIVE_INFINITY }), ["row_position", 1, "/rows/0/y"]],
		["with a seat without a label", withSeat({ label: "" }), ["seat_label", 1, "/rows/0/seats/1/label"]],
		["with a seat of an unknown tier", withSeat({ tier: "royal" }), ["unknown_tier", 1, "/rows/0/seats/1/tier"]],
		["with a seat of an unknown kind", withSeat({ kind: "sofa" }), ["unknown_kind", 1, "/rows/0/seats/1/kind"]],
	])("finds exactly one error in a layout %s", (_, layout, error) => {
		expect(found(layout)).toEqual([error]);
	});

	it("finds that a plan has no tiers, and that its seats name some", () => {
		expect(found({ ...grid(1, 1), tiers: [] })).toEqual([
			["tier_count", 1, "/tiers"],
			["unknown_tier", 1, "/rows/0/seats/0/tier"],
		]);
	});

	it("finds a row of gaps, and a plan of nothing else", () => {
		expect(found({ tiers: [tier], rows: [...grid(1, 1).rows, { label: "B", seats: [null, null] }] })).toEqual([
			["empty_row", 1, "/rows/1/seats"],
		]);
		expect(found(withRow({ seats: [null] }))).toEqual([
			["seat_count", 1, "/rows"],
			["empty_row", 1, "/rows/0/seats"],
		]);
	});

	it("finds the second and third seat with one label, in any row", () => {
		const seat = (label: string) => ({ label, tier: tier.id, kind: "standard" });
		const rows = [["1", "2", "1"], ["1"]].map((labels, r) => ({ label: `${r}`, seats: labels.map(seat) }));
		expect(found({ tiers: [tier], rows })).toEqual([["duplicate_seat_label", 2, "/rows/0/seats/2/label", "/rows/1/seats/0/label"]]);
	});

	it("accepts one row label in two sections, and in one section only on rows with a position", () => {
		const rows = (...places: Partial<PlanRow>[]): UncheckedLayout => ({
			tiers: [tier],
			rows: places.map((place, r) => ({ label: "A", seats: [{ label: `A${r}`, tier: tier.id, kind: "standard" }], ...place })),
		});
		expect(found(rows({}, { section: "Balcony" }, { section: "Stalls" }))).toEqual([]);
		expect(found(rows({ x: 0, y: 0 }, { x: 5, y: 1, angle: 10 }))).toEqual([]);
		expect(found(rows({}, {}))).toEqual([["duplicate_row_label", 1, "/rows/1/label"]]);
		expect(found(rows({ section: "Balcony" }, { section: "Balcony", x: 0, y: 0 }, { section: "Balcony", x: 0, y: 1 }))).toEqual([
			["duplicate_row_label", 2, "/rows/1/label", "/rows/2/label"],
		]);
	});

	it.each(["A 1", "é1", "東1", "A-1", "1/2", "#7", "\u{1F3AC}"])("accepts the seat label %j", (label) => {
		expect(found(withSeat({ label }))).toEqual([]);
	});

	it.each([" A1", "A1 ", "A  1", "A\t1", "A\n", "A\u0000", "A\u00a01", "A\u200b1", "A\u202e1", "e\u0301", "\ud800", "\ufeffA"])(
		"refuses the seat label %j",
		(label) => {
			expect(found(withSeat({ label }))).toEqual([["seat_label", 1, "/rows/0/seats/1/label"]]);
		},
	);

	it("says what is wrong with a text without repeating a long one", () => {
		const long = "x".repeat(1_000_000);
		const seat = { label: long, tier: long, kind: long };
		const messages = findLayoutErrors({ tiers: [tier], rows: [{ label: "A", seats: [seat, seat] }] }).flatMap(({ errors }) => errors);
		expect(messages).toHaveLength(7);
		for (const { message } of messages) expect(message.length).toBeLessThan(150);
	});

	it("accepts a tier without seats", () => {
		expect(found(withTier({}))).toEqual([]);
	});
});

describe("a plan of 50,000 seats with every kind of error", () => {
	/** Every seat is wrong in four ways; the labels repeat after 3. Rows are wrong in four ways, tiers in three. */
	const seat = (s: number) => ({ label: ["", " A", "123456789"][s % 3] ?? "", tier: "none", kind: "sofa" });
	const layout: UncheckedLayout = {
		tiers: Array.from({ length: TIERS_PER_PLAN_MAX + 1 }, () => ({ id: "-", name: "" })),
		rows: [
			...Array.from({ length: ROWS_PER_PLAN_MAX + 1 }, () => ({
				label: "",
				section: " ",
				x: Number.NaN,
				seats: Array.from({ length: 50 }, (_, s) => seat(s)),
			})),
			{ label: "gaps", seats: Array(PLACES_PER_PLAN_MAX).fill(null) },
		],
	};

	it("counts all of each kind exactly, lists the first hundred, and takes less than a second of processor time", () => {
		const before = process.cpuUsage();
		const kinds = findLayoutErrors(layout);
		const { user, system } = process.cpuUsage(before);
		const seats = 50 * (ROWS_PER_PLAN_MAX + 1);
		expect(Object.fromEntries(kinds.map(({ kind, total }) => [kind, total]))).toEqual({
			tier_count: 1,
			row_count: 1,
			seat_count: 1,
			place_count: 1,
			tier_id: TIERS_PER_PLAN_MAX + 1,
			tier_name: TIERS_PER_PLAN_MAX + 1,
			duplicate_tier: TIERS_PER_PLAN_MAX,
			row_label: ROWS_PER_PLAN_MAX + 1,
			duplicate_row_label: ROWS_PER_PLAN_MAX,
			section: ROWS_PER_PLAN_MAX + 1,
			// x is alone, and no number.
			row_position: 2 * (ROWS_PER_PLAN_MAX + 1),
			empty_row: 1,
			seat_label: seats,
			duplicate_seat_label: seats - 3,
			unknown_tier: seats,
			unknown_kind: seats,
		} satisfies Record<LayoutErrorKind, number>);
		for (const { total, errors } of kinds) expect(errors).toHaveLength(Math.min(total, PLAN_ERRORS_PER_KIND_MAX));
		expect(JSON.stringify(kinds).length).toBeLessThan(200_000);
		expect((user + system) / 1_000).toBeLessThan(1_000);
	});

	it.each([PLAN_ERRORS_PER_KIND_MAX, PLAN_ERRORS_PER_KIND_MAX + 1])("lists the first hundred of %i errors of one kind", (count) => {
		const seats = Array.from({ length: count }, (_, s) => ({ label: `${s}`, tier: "none", kind: "standard" }));
		const [unknown] = findLayoutErrors({ tiers: [tier], rows: [{ label: "A", seats }] });
		expect([unknown?.kind, unknown?.total, unknown?.errors.length]).toEqual(["unknown_tier", count, PLAN_ERRORS_PER_KIND_MAX]);
		expect(unknown?.errors.at(-1)?.pointer).toBe(`/rows/0/seats/${PLAN_ERRORS_PER_KIND_MAX - 1}/tier`);
	});
});
