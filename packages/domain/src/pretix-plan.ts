/**
 * Reads a seating plan of pretix: the JSON that its plan editor writes (seating-plan.schema.json of pretix: zones, rows, seats with
 * positions, categories). The document comes from outside, so it is read field by field: no value is trusted to have its type, only own
 * properties count, and nothing recurses. Fields that the import does not need are ignored, so plans of newer versions can be read.
 */
import type { LayoutErrorKind } from "./find-layout-errors.ts";
import { PRETIX_ENTRIES_MAX, SECTION_MAX_CHARS } from "./limits.ts";
import type { PlanErrorList } from "./plan-errors.ts";
import { findTextError, quoteText, tidyText } from "./plan-text.ts";
import { type FieldErrorKind, type FieldReader, isObject, type Point, type ReadProgress, readFields } from "./read-fields.ts";

/** What can be wrong with a pretix plan or with its mapping of kinds, beside the errors of a layout. */
export type PretixErrorKind =
	| LayoutErrorKind
	| FieldErrorKind
	| "seat_guid"
	| "duplicate_guid"
	| "seat_number"
	| "unknown_category"
	/** An entry of the mapping of kinds names nothing in the plan, or no kind. */
	| "kind_mapping";

/** The errors of an import, as they are collected. */
export type PretixErrors = PlanErrorList<PretixErrorKind>;

/** Distance of two neighbouring seats in an exported plan; it is the default of pretix's plan editor. */
export const PRETIX_STEP = 25;
/** The id of a zone of an exported plan (numbered from 1). It says that places are `PRETIX_STEP` apart and that guids are labels. */
export const exportedZoneId = (zone: number): string => `holdfast-${PRETIX_STEP}-${zone}`;
/** What `exportedZoneId` returns. */
export const EXPORTED_ZONE_ID = /^holdfast-25-\d+$/;

/** A seat at its position in the plan. `pointer` is its JSON Pointer in the document, as in all types here. */
export type PretixSeat = Point & { readonly guid: string; readonly number: string; readonly category: string; readonly pointer: string };
/** A row at its position in the plan. `number` is its name, which may be empty. */
export type PretixRow = Point & { readonly number: string; readonly seats: readonly PretixSeat[]; readonly pointer: string };
/** A zone with at least one seat. `name` may be empty. */
export type PretixZone = { readonly name: string; readonly id: string; readonly rows: readonly PretixRow[]; readonly pointer: string };
/** A category, by which seats are priced. Seats refer to its `name`, letter by letter; of two with one name the first counts. */
export type PretixCategory = { readonly name: string; readonly pointer: string };
/** What could be read of a plan. Seats of which a field could not be read, or is missing, are left out, and so are rows and zones without seats. */
export type PretixPlan = {
	readonly name: string;
	readonly categories: readonly PretixCategory[];
	readonly zones: readonly PretixZone[];
	/** The guids of all seats, also of those that are left out. */
	readonly guids: ReadonlySet<string>;
	/** What the import leaves out: areas (stage, bar, standing room) and rows without seats. */
	readonly ignored: { areas: number; emptyRows: number };
};

/** What reading the plan changes on the way. */
type Context = ReadProgress & {
	readonly errors: PretixErrors;
	readonly guids: Set<string>;
	readonly ignored: { areas: number; emptyRows: number };
};

const ORIGIN: Point = { x: 0, y: 0 };

/** Reads `value`, adds what is wrong with it to `errors`, and returns the rest. Never throws, whatever `value` is. */
export function parsePretixPlan(value: unknown, errors: PretixErrors, pointer: string): PretixPlan {
	const context: Context = { errors, guids: new Set(), ignored: { areas: 0, emptyRows: 0 }, entriesLeft: PRETIX_ENTRIES_MAX };
	const zones: PretixZone[] = [];
	const categories: PretixCategory[] = [];
	if (!isObject(value)) errors.add("structure", () => ({ pointer, message: "the value is not an object" }));
	const read = readFields(isObject(value) ? value : { zones: [], categories: [] }, pointer, context);
	const names = new Set<string>();
	for (const category of read.objects("categories")) {
		const name = category.text("name");
		if (name === null || names.has(name)) continue;
		names.add(name);
		categories.push({ name, pointer: category.pointer });
	}
	for (const zone of read.objects("zones")) {
		const parsed = parseZone(zone, context);
		if (parsed.rows.length > 0) zones.push(parsed);
	}
	return { name: read.text("name") ?? "", categories, zones, guids: context.guids, ignored: context.ignored };
}

function parseZone(read: FieldReader, context: Context): PretixZone {
	const origin = read.position(ORIGIN) ?? ORIGIN;
	const name = tidyText(read.text("name") ?? "");
	const wrong = name === "" ? null : findTextError(name, SECTION_MAX_CHARS);
	if (wrong !== null) context.errors.add("section", () => ({ pointer: `${read.pointer}/name`, message: `the name of the zone ${wrong}` }));
	const rows: PretixRow[] = [];
	for (const row of read.objects("rows")) {
		const parsed = parseRow(row, origin, context);
		if (parsed.seats.length > 0) rows.push(parsed);
		else context.ignored.emptyRows += 1;
	}
	context.ignored.areas += read.length("areas");
	return { name: wrong === null ? name : "", id: read.text("zone_id") ?? "", rows, pointer: read.pointer };
}

function parseRow(read: FieldReader, zone: Point, context: Context): PretixRow {
	const origin = add(zone, read.position(ORIGIN) ?? ORIGIN);
	const seats: PretixSeat[] = [];
	for (const seat of read.objects("seats")) {
		const parsed = parseSeat(seat, origin, context);
		if (parsed !== null) seats.push(parsed);
	}
	return { ...origin, number: tidyText(read.text("row_number") ?? ""), seats, pointer: read.pointer };
}

function parseSeat(read: FieldReader, row: Point, { errors, guids }: Context): PretixSeat | null {
	const { pointer } = read;
	const guid = read.text("seat_guid");
	const number = read.text("seat_number");
	const position = read.position();
	const category = read.text("category");
	if (guid === "") errors.add("seat_guid", () => ({ pointer: `${pointer}/seat_guid`, message: "the seat has no guid" }));
	else if (guid !== null) {
		if (guids.has(guid))
			errors.add("duplicate_guid", () => ({ pointer: `${pointer}/seat_guid`, message: `another seat has the guid ${quoteText(guid)}` }));
		guids.add(guid);
	}
	const tidyNumber = number === null ? null : tidyText(number);
	if (tidyNumber === "") errors.add("seat_number", () => ({ pointer: `${pointer}/seat_number`, message: "the seat has no number" }));
	if (!guid || !tidyNumber || category === null || position === null) return null;
	return { ...add(row, position), guid, number: tidyNumber, category, pointer };
}

const add = (a: Point, b: Point): Point => ({ x: a.x + b.x, y: a.y + b.y });
