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
 * because a body can nest thousands of arrays.
 */
export function findIllFormedText(text: string, value: unknown): ValidationError[] {
	if (!SURROGATE_ESCAPE.test(text)) return [];
	const found: ValidationError[] = [];
	const waiting: { pointer: string; value: unknown }[] = [{ pointer: "", value }];
	for (let next = waiting.pop(); next !== undefined && found.length < VIOLATIONS_NAMED_MAX; next = waiting.pop()) {
		const { pointer, value: current } = next;
		if (typeof current === "string") {
			if (!current.isWellFormed()) found.push({ pointer, message: "must be well-formed Unicode: it contains an unpaired surrogate" });
		} else if (typeof current === "object" && current !== null) {
			const entries = Object.entries(current);
			if (entries.some(([name]) => !name.isWellFormed()))
				found.push({ pointer, message: "must have well-formed property names: one contains an unpaired surrogate" });
			for (const [name, inner] of entries) if (name.isWellFormed()) waiting.push({ pointer: pointer + pointerStep(name), value: inner });
		}
	}
	return found;
}
