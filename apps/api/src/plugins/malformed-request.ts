/** A request that cannot be read as what it says it is. Thrown where there is no reply to answer with; the problems plugin answers it. */
import type { ValidationError } from "./find-validation-errors.ts";

/** Violations named in one answer, at most. A body or a query has room for thousands. */
export const VIOLATIONS_NAMED_MAX = 20;

/** Answered 400 `invalid_request` with these `errors`, of which the first `VIOLATIONS_NAMED_MAX` are kept. */
export class MalformedRequest extends Error {
	override readonly name = "MalformedRequest";
	readonly errors: ValidationError[];
	constructor(errors: readonly ValidationError[]) {
		super("the request is malformed");
		this.errors = errors.slice(0, VIOLATIONS_NAMED_MAX);
	}
}

/** Answered 415 `unsupported_media_type`. */
export class UnsupportedMediaType extends Error {
	override readonly name = "UnsupportedMediaType";
	readonly statusCode = 415;
}
