/**
 * Finds strings in JSON that are not well-formed Unicode because they contain an unpaired surrogate, written as an escape (`"\ud800"`).
 * UTF-8 cannot encode it: Postgres, Redis and scrypt would get a replacement character instead.
 */

import { VIOLATIONS_NAMED_MAX } from "./malformed-request.ts";
import { pointerStep, type ValidationError } from "./to-validation-errors.ts";

/** Text that is valid UTF-8 can contain a surrogate only as an escape. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

/**
 * Returns a JSON Pointer and a message for each string in `value` that is not well-formed, at most `VIOLATIONS_NAMED_MAX`. An
 * ill-formed property name is reported at its object, because no pointer can contain it. `text` is the JSON that `value` was parsed
 * from: if it has no surrogate escape, `value` is not searched, which keeps the common case cheap. The search is not recursive,
 * because a body can nest thousands of arrays, and makes no pointer of a well-formed value, because a seat plan can have millions.
 */
export function findIllFormedText(text: string, value: unknown): ValidationError[] {
	if (!SURROGATE_ESCAPE.test(text)) return [];
	const found: ValidationError[] = [];
	const waiting: Place[] = [];
	visit(value, null, "");
	for (let next = waiting.pop(); next !== undefined && found.length < VIOLATIONS_NAMED_MAX; next = waiting.pop()) {
		const { value: current } = next;
		if (Array.isArray(current)) for (const [index, item] of current.entries()) visit(item, next, index);
		else visitFields(current, next);
	}
	return found.slice(0, VIOLATIONS_NAMED_MAX);

	function visit(item: unknown, parent: Place | null, name: string | number): void {
		if (typeof item === "object" && item !== null) waiting.push({ value: item, parent, name });
		else if (typeof item === "string" && !item.isWellFormed())
			found.push({
				pointer: parent === null ? "" : pointerTo({ value: {}, parent, name }),
				message: "must be well-formed Unicode: it contains an unpaired surrogate",
			});
	}

	function visitFields(fields: object, at: Place): void {
		const entries = Object.entries(fields);
		if (entries.some(([name]) => !name.isWellFormed()))
			found.push({ pointer: pointerTo(at), message: "must have well-formed property names: one contains an unpaired surrogate" });
		for (const [name, inner] of entries) if (name.isWellFormed()) visit(inner, at, name);
	}
}

/** An object or array in a body, and where it is: its name in its parent, which is null for the body itself. */
type Place = { readonly value: object; readonly parent: Place | null; readonly name: string | number };

function pointerTo({ parent, name }: Place): string {
	const steps: string[] = [];
	for (let at = parent, step = name; at !== null; step = at.name, at = at.parent) steps.push(pointerStep(String(step)));
	return steps.toReversed().join("");
}
