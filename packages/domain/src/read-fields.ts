/**
 * Reads fields of a parsed JSON document of which nothing is known. No value is trusted to have its type, and only own properties count.
 * What cannot be read is an error with its JSON Pointer.
 */
import { PRETIX_COORDINATE_MAX, PRETIX_ENTRIES_MAX, PRETIX_TEXT_MAX_CHARS } from "./limits.ts";
import type { PlanErrorList } from "./plan-errors.ts";

/** A point, in the units of the plan. `y` grows downwards. */
export type Point = { readonly x: number; readonly y: number };

/** What can be wrong with a field. */
export type FieldErrorKind =
	/** A value has the wrong type, or is too long. */
	| "structure"
	/** The document has so many entries that the rest was not read. */
	| "entry_count"
	/** A coordinate is no number, or too large. */
	| "coordinate";

/** What reading changes on the way. `entriesLeft`: how many entries of lists may still be read. */
export type ReadProgress = { readonly errors: Pick<PlanErrorList<FieldErrorKind>, "add">; entriesLeft: number };

/** Reads the fields of one object. Adds an error for each field that cannot be read. */
export type FieldReader = {
	readonly pointer: string;
	/** The text of a field; a whole number counts as a text. Empty if the field is absent or null; null if it cannot be read. */
	text(key: string): string | null;
	/** A reader for each object of a list. An entry that is no object is an error and left out; an absent list is an error. */
	objects(key: string): Iterable<FieldReader>;
	/** The length of a list; 0 if it is no list. */
	length(key: string): number;
	/** The field `position`; `absent` if there is none; null if it cannot be read. Without `absent` the field is required. */
	position(absent?: Point): Point | null;
};

/** Returns a reader of `fields`, which are at `pointer` in the document. */
export function readFields(fields: Fields, pointer: string, progress: ReadProgress): FieldReader {
	const { errors } = progress;
	return {
		pointer,
		text(key) {
			const text = field(fields, key) ?? "";
			if (Number.isSafeInteger(text)) return String(text);
			if (typeof text === "string" && text.length <= PRETIX_TEXT_MAX_CHARS) return text;
			errors.add("structure", () => ({
				pointer: `${pointer}/${key}`,
				message: `the value is not a text of at most ${PRETIX_TEXT_MAX_CHARS} characters`,
			}));
			return null;
		},
		*objects(key) {
			const list = field(fields, key);
			if (!Array.isArray(list))
				return errors.add("structure", () => ({ pointer: `${pointer}/${key}`, message: "the value is not a list" }));
			for (const [i, item] of list.entries()) {
				if (progress.entriesLeft < 0) return;
				progress.entriesLeft -= 1;
				const at = `${pointer}/${key}/${i}`;
				if (progress.entriesLeft < 0)
					errors.add("entry_count", () => ({
						pointer: at,
						message: `the plan has more than ${PRETIX_ENTRIES_MAX} zones, rows, seats and categories; from here on it was not read`,
					}));
				else if (isObject(item)) yield readFields(item, at, progress);
				else errors.add("structure", () => ({ pointer: at, message: "the value is not an object" }));
			}
		},
		length(key) {
			const list = field(fields, key);
			return Array.isArray(list) ? list.length : 0;
		},
		position(absent) {
			const position = field(fields, "position");
			if (position === undefined && absent !== undefined) return absent;
			const [x, y] = isObject(position) ? [field(position, "x"), field(position, "y")] : [];
			if (isCoordinate(x) && isCoordinate(y)) return { x, y };
			errors.add("coordinate", () => ({
				pointer: `${pointer}/position`,
				message: `the position does not have an x and a y between -${PRETIX_COORDINATE_MAX} and ${PRETIX_COORDINATE_MAX}`,
			}));
			return null;
		},
	};
}

/** An object of any fields. */
type Fields = Readonly<Record<string, unknown>>;

/** Whether a value is an object, and no list. */
export function isObject(value: unknown): value is Fields {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own property, so that nothing is read from a prototype. */
const field = (fields: Fields, key: string): unknown => (Object.hasOwn(fields, key) ? fields[key] : undefined);

function isCoordinate(value: unknown): value is number {
	return typeof value === "number" && Math.abs(value) <= PRETIX_COORDINATE_MAX;
}
