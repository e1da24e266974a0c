/** Turns a seating plan of pretix into a layout of ours, or lists everything that stands in the way. */
import { type DraftRow, draftRows } from "./draft-pretix-rows.ts";
import { findLayoutErrors } from "./find-layout-errors.ts";
import { labelPretixSeats, type SeatLabels } from "./label-pretix-seats.ts";
import { PLACES_PER_PLAN_MAX, PRETIX_ENTRIES_MAX, PRETIX_TEXT_MAX_CHARS } from "./limits.ts";
import { locateInPretix } from "./locate-in-pretix.ts";
import { nameTiers } from "./name-pretix-tiers.ts";
import { createPlanErrorList, type PlanErrorsOfKind, pointerStep } from "./plan-errors.ts";
import { quoteText } from "./plan-text.ts";
import { type PretixErrorKind, type PretixErrors, type PretixPlan, type PretixSeat, parsePretixPlan } from "./pretix-plan.ts";
import { type PlanRow, SEAT_KINDS, type SeatKind, type SeatPlanLayout } from "./seat-plan.ts";
import { type PretixImportSummary, summarizeImport } from "./summarize-pretix-import.ts";

/** The options of an import. */
export type PretixImportOptions = {
	/** Kinds of seat by category name or seat guid; the guid wins. A seat that is not named is a standard one. */
	readonly kinds?: Readonly<Record<string, unknown>>;
	/** Where the plan is in the document that the client sent: what its pointers begin with. */
	readonly planPointer?: string;
	/** The same of the kinds. */
	readonly kindsPointer?: string;
};

/** The result of an import: a valid layout, or every error. */
export type PretixImport =
	| { readonly outcome: "imported"; readonly layout: SeatPlanLayout; readonly summary: PretixImportSummary }
	| { readonly outcome: "invalid_plan"; readonly errors: readonly PlanErrorsOfKind<PretixErrorKind>[] };

/**
 * Imports a pretix plan, given as parsed JSON of any shape; never throws. The same plan always gives the same layout:
 *
 * - category -> tier (name-pretix-tiers.ts), zone -> section, rows by y, then x (draft-pretix-rows.ts)
 * - gaps: place-pretix-seats.ts; labels: label-pretix-seats.ts
 * - `x`, `y` and `angle` of a row are those of its first and last seat. Their unit is the median distance of neighbouring seats in the
 *   whole plan, and the plan begins at 0.
 *
 * `invalid_plan` lists errors as `findLayoutErrors` does, with pointers into the pretix document. O(seats): 50,000 take some 300 ms.
 */
export function importPretixPlan(
	plan: unknown,
	{ kinds = {}, planPointer = "", kindsPointer = "/kinds" }: PretixImportOptions = {},
): PretixImport {
	const errors: PretixErrors = createPlanErrorList();
	const parsed = parsePretixPlan(plan, errors, planPointer);
	const rows = draftRows(parsed);
	const zoneNames = parsed.zones.map(({ name }) => name);
	const labels = labelPretixSeats(rows, zoneNames);
	const categories = parsed.categories.map(({ name }) => name);
	const tiers = nameTiers(categories);
	const tierOf = new Map(categories.map((name, t) => [name, tiers[t]?.id ?? ""]));
	checkCategories(rows, tierOf, errors);
	const kindOf = readKinds(kinds, parsed, errors, kindsPointer);
	const layout = buildLayout(rows, { tiers, zoneNames, labels, tierOf, kindOf, hasGaps: checkPlaces(rows, errors) });
	// Categories are checked above. A plan of which no seat could be read has other errors than having no rows.
	const isUnread = rows.length === 0 && errors.list().length > 0;
	const found = findLayoutErrors(layout).filter(({ kind }) => kind !== "unknown_tier" && !(kind === "row_count" && isUnread));
	errors.addAll(found, (pointer) => locateInPretix(pointer, { layout, planPointer, rows, categories: parsed.categories }));
	const all = errors.list();
	if (all.length > 0) return { outcome: "invalid_plan", errors: all };
	return { outcome: "imported", layout, summary: summarizeImport(parsed, layout, { rows, labels, categories }) };
}

function checkCategories(rows: readonly DraftRow[], tierOf: ReadonlyMap<string, string>, errors: PretixErrors): void {
	for (const { seats } of rows)
		for (const { category, pointer } of seats)
			if (!tierOf.has(category))
				errors.add("unknown_category", () => ({
					pointer: `${pointer}/category`,
					message: `the plan has no category "${quoteText(category)}"`,
				}));
}

/** Returns the kind of each seat. A key that names nothing is an error: a typing error would otherwise make a wheelchair place a seat. */
function readKinds(
	kinds: Readonly<Record<string, unknown>>,
	plan: PretixPlan,
	errors: PretixErrors,
	pointer: string,
): (seat: PretixSeat) => SeatKind {
	const categories = new Set(plan.categories.map(({ name }) => name));
	const known = new Map<string, SeatKind>();
	const entries = Object.entries(kinds);
	if (entries.length > PRETIX_ENTRIES_MAX)
		errors.add("entry_count", () => ({ pointer, message: `more than ${PRETIX_ENTRIES_MAX} kinds; the rest was not read` }));
	for (const [name, value] of entries.slice(0, PRETIX_ENTRIES_MAX)) {
		const at = name.length <= PRETIX_TEXT_MAX_CHARS ? pointer + pointerStep(name) : pointer;
		const kind = SEAT_KINDS.find((one) => one === value);
		if (kind === undefined)
			errors.add("kind_mapping", () => ({ pointer: at, message: `the kind of a seat is one of ${SEAT_KINDS.join(", ")}` }));
		else known.set(name, kind);
		if (!categories.has(name) && !plan.guids.has(name))
			errors.add("kind_mapping", () => ({ pointer: at, message: `no category and no seat has the name or guid "${quoteText(name)}"` }));
	}
	return ({ guid, category }) => known.get(guid) ?? known.get(category) ?? "standard";
}

/** Whether the gaps of the rows fit into a plan. If not, this is an error, and the gaps must not be made: there may be millions. */
function checkPlaces(rows: readonly DraftRow[], errors: PretixErrors): boolean {
	const gapsOf = ({ gaps }: DraftRow): number => gaps.reduce((sum, gap) => sum + gap, 0);
	const seats = rows.reduce((sum, row) => sum + row.seats.length, 0);
	const places = rows.reduce((sum, row) => sum + gapsOf(row), seats);
	if (places <= PLACES_PER_PLAN_MAX) return true;
	const [widest] = rows.toSorted((a, b) => gapsOf(b) - gapsOf(a));
	if (seats <= PLACES_PER_PLAN_MAX && widest !== undefined)
		errors.add("place_count", () => ({
			pointer: `${widest.pointer}/seats`,
			message: `the number of seats and gaps is not between 1 and ${PLACES_PER_PLAN_MAX}: ${places}; most gaps are in this row`,
		}));
	return false;
}

type LayoutParts = {
	readonly tiers: SeatPlanLayout["tiers"];
	readonly zoneNames: readonly string[];
	readonly labels: SeatLabels;
	readonly tierOf: ReadonlyMap<string, string>;
	readonly kindOf: (seat: PretixSeat) => SeatKind;
	readonly hasGaps: boolean;
};

function buildLayout(rows: readonly DraftRow[], { tiers, zoneNames, labels, tierOf, kindOf, hasGaps }: LayoutParts): SeatPlanLayout {
	const built = rows.map((row, r): PlanRow => {
		const section = zoneNames[row.zone] ?? "";
		const seats: PlanRow["seats"][number][] = [];
		for (const [s, seat] of row.seats.entries()) {
			for (let gap = 0; hasGaps && gap < (row.gaps[s] ?? 0); gap += 1) seats.push(null);
			seats.push({ label: labels.labels[r]?.[s] ?? "", tier: tierOf.get(seat.category) ?? "", kind: kindOf(seat) });
		}
		return { label: row.label, ...(section !== "" && { section }), ...row.position, seats };
	});
	return { tiers, rows: built };
}
