/** Validates the layout of a seat plan, and lists everything that is wrong with it. The one place with the rules of a layout. */
import {
	PLACES_PER_PLAN_MAX,
	ROW_ANGLE_MAX,
	ROW_LABEL_MAX_CHARS,
	ROW_POSITION_MAX,
	ROWS_PER_PLAN_MAX,
	SEAT_LABEL_MAX_CHARS,
	SEATS_PER_PLAN_MAX,
	SECTION_MAX_CHARS,
	TIER_ID_PATTERN,
	TIER_NAME_MAX_CHARS,
	TIERS_PER_PLAN_MAX,
} from "./limits.ts";
import { createPlanErrorList, type PlanErrorList, type PlanErrorsOfKind } from "./plan-errors.ts";
import { findTextError, quoteText } from "./plan-text.ts";
import { type PlanRow, type PlanTier, SEAT_KINDS } from "./seat-plan.ts";

/** What can be wrong with a layout. Each kind is counted and listed apart. */
export type LayoutErrorKind =
	| "tier_count"
	| "row_count"
	| "seat_count"
	| "place_count"
	| "tier_id"
	| "tier_name"
	| "duplicate_tier"
	| "row_label"
	| "duplicate_row_label"
	| "section"
	| "row_position"
	| "empty_row"
	| "seat_label"
	| "duplicate_seat_label"
	| "unknown_tier"
	| "unknown_kind";

/** A layout whose shape is known, but none of its values. Every `SeatPlanLayout` is one. */
export type UncheckedLayout = { readonly tiers: readonly PlanTier[]; readonly rows: readonly UncheckedRow[] };
type UncheckedRow = Omit<PlanRow, "seats"> & { readonly seats: readonly (UncheckedSeat | null)[] };
type UncheckedSeat = { readonly label: string; readonly tier: string; readonly kind: string };
type Errors = PlanErrorList<LayoutErrorKind>;

/**
 * Returns every error of a layout by kind, and an empty list for a valid layout: all are counted, the first 100 of each kind are
 * listed with a JSON Pointer into the layout (`/rows/3/seats/12/label`). A tier without seats is no error. Two rows of one section may
 * have one label if both have a position: they are the segments of a curved row. O(seats): 50,000 take some 60 ms.
 */
export function findLayoutErrors(layout: UncheckedLayout): readonly PlanErrorsOfKind<LayoutErrorKind>[] {
	const errors: Errors = createPlanErrorList();
	checkCounts(layout, errors);
	checkTiers(layout.tiers, errors);
	checkRows(layout.rows, errors);
	checkSeats(layout, errors);
	return errors.list();
}

function checkCounts({ tiers, rows }: UncheckedLayout, errors: Errors): void {
	let places = 0;
	let seats = 0;
	for (const row of rows) {
		places += row.seats.length;
		for (const seat of row.seats) if (seat !== null) seats += 1;
	}
	const check = (kind: LayoutErrorKind, pointer: string, noun: string, count: number, max: number): void => {
		if (count >= 1 && count <= max) return;
		errors.add(kind, () => ({ pointer, message: `the number of ${noun} is not between 1 and ${max}: ${count}` }));
	};
	check("tier_count", "/tiers", "tiers", tiers.length, TIERS_PER_PLAN_MAX);
	check("row_count", "/rows", "rows", rows.length, ROWS_PER_PLAN_MAX);
	if (rows.length > 0) check("seat_count", "/rows", "seats", seats, SEATS_PER_PLAN_MAX);
	if (places > 0) check("place_count", "/rows", "seats and gaps", places, PLACES_PER_PLAN_MAX);
}

const TIER_ID = new RegExp(TIER_ID_PATTERN);

function checkTiers(tiers: readonly PlanTier[], errors: Errors): void {
	const known = new Set<string>();
	for (const [t, { id, name }] of tiers.entries()) {
		if (!TIER_ID.test(id))
			errors.add("tier_id", () => ({
				pointer: `/tiers/${t}/id`,
				message: "the id of a tier has 1 to 32 letters (A to Z), digits, hyphens and underscores, and begins with a letter or digit",
			}));
		if (known.has(id))
			errors.add("duplicate_tier", () => ({ pointer: `/tiers/${t}/id`, message: `another tier has the id ${quoteText(id)}` }));
		known.add(id);
		const wrong = findTextError(name, TIER_NAME_MAX_CHARS);
		if (wrong !== null) errors.add("tier_name", () => ({ pointer: `/tiers/${t}/name`, message: `the name of the tier ${wrong}` }));
	}
}

function checkRows(rows: readonly UncheckedRow[], errors: Errors): void {
	/** Whether every row with this section and label has a position. */
	const known = new Map<string, boolean>();
	for (const [r, row] of rows.entries()) {
		const pointer = `/rows/${r}`;
		const wrongLabel = findTextError(row.label, ROW_LABEL_MAX_CHARS);
		if (wrongLabel !== null)
			errors.add("row_label", () => ({ pointer: `${pointer}/label`, message: `the label of the row ${wrongLabel}` }));
		const wrongSection = row.section === undefined ? null : findTextError(row.section, SECTION_MAX_CHARS);
		if (wrongSection !== null)
			errors.add("section", () => ({ pointer: `${pointer}/section`, message: `the section of the row ${wrongSection}` }));
		checkPosition(row, pointer, errors);
		if (row.seats.every((seat) => seat === null))
			errors.add("empty_row", () => ({ pointer: `${pointer}/seats`, message: "the row has no seat" }));

		const name = JSON.stringify([row.section, row.label]);
		const hasPosition = row.x !== undefined && row.y !== undefined;
		const othersHavePositions = known.get(name);
		if (othersHavePositions !== undefined && !(othersHavePositions && hasPosition))
			errors.add("duplicate_row_label", () => ({
				pointer: `${pointer}/label`,
				message: `another row of the section has the label ${quoteText(row.label)}; only rows with a position may share one`,
			}));
		known.set(name, (othersHavePositions ?? true) && hasPosition);
	}
}

function checkPosition({ x, y, angle }: UncheckedRow, pointer: string, errors: Errors): void {
	if ((x === undefined) !== (y === undefined) || (angle !== undefined && x === undefined))
		errors.add("row_position", () => ({ pointer, message: "the position of a row has both x and y, and angle only with them" }));
	const check = (field: string, value: number | undefined, max: number): void => {
		if (value === undefined || Math.abs(value) <= max) return;
		errors.add("row_position", () => ({ pointer: `${pointer}/${field}`, message: `${field} is not between -${max} and ${max}` }));
	};
	check("x", x, ROW_POSITION_MAX);
	check("y", y, ROW_POSITION_MAX);
	check("angle", angle, ROW_ANGLE_MAX);
}

const KINDS: ReadonlySet<string> = new Set(SEAT_KINDS);

function checkSeats({ tiers, rows }: UncheckedLayout, errors: Errors): void {
	const tierIds = new Set(tiers.map(({ id }) => id));
	const labels = new Set<string>();
	for (const [r, { seats }] of rows.entries()) {
		for (const [s, seat] of seats.entries()) {
			if (seat === null) continue;
			const { label, tier, kind } = seat;
			const pointerTo = (field: string): string => `/rows/${r}/seats/${s}/${field}`;
			const wrong = findTextError(label, SEAT_LABEL_MAX_CHARS);
			if (wrong !== null) errors.add("seat_label", () => ({ pointer: pointerTo("label"), message: `the label of the seat ${wrong}` }));
			if (labels.has(label))
				errors.add("duplicate_seat_label", () => ({
					pointer: pointerTo("label"),
					message: `another seat has the label ${quoteText(label)}`,
				}));
			labels.add(label);
			if (!tierIds.has(tier))
				errors.add("unknown_tier", () => ({ pointer: pointerTo("tier"), message: `the plan has no tier ${quoteText(tier)}` }));
			if (!KINDS.has(kind))
				errors.add("unknown_kind", () => ({
					pointer: pointerTo("kind"),
					message: `the kind of a seat is one of ${SEAT_KINDS.join(", ")}`,
				}));
		}
	}
}
