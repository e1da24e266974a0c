/**
 * Find strings in JSON that are not well-formed Unicode: half of a surrogate pair, written as an escape (`"\ud800"`). UTF-8 cannot
 * carry one, so that Postgres, Redis and scrypt would each be given another character in its place.
 */
import { pointerTo, type ValidationError } from "./find-validation-errors.ts";
import { VIOLATIONS_NAMED_MAX } from "./malformed-request.ts";

/** In text that is valid UTF-8 a surrogate can only be an escape. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

/**
 * A JSON Pointer and a message for each string of `value` that is not well-formed, `VIOLATIONS_NAMED_MAX` at most; a name is reported
 * at its object, since no pointer can name it. `text` is the JSON that `value` was parsed from; without an escape in it nothing is
 * looked at, which is all that most requests cost. Without recursion: a body may nest thousands of arrays.
 */
export function findIllFormedText(text: string, value: unknown): ValidationError[] {
	if (!SURROGATE_ESCAPE.test(text)) return [];
	const found: ValidationError[] = [];
	const waiting: { pointer: string; value: unknown }[] = [{ pointer: "", value }];
	for (let next = waiting.pop(); next !== undefined && found.length < VIOLATIONS_NAMED_MAX; next = waiting.pop()) {
		const { pointer, value: current } = next;
		if (typeof current === "string") {
			if (!current.isWellFormed()) found.push({ pointer, message: "must be well-formed Unicode: it has half of a surrogate pair" });
		} else if (typeof current === "object" && current !== null) {
			const entries = Object.entries(current);
			if (entries.some(([name]) => !name.isWellFormed()))
				found.push({ pointer, message: "must have well-formed names only: one has half of a surrogate pair" });
			for (const [name, inner] of entries) if (name.isWellFormed()) waiting.push({ pointer: pointer + pointerTo(name), value: inner });
		}
	}
	return found;
}
