/** Errors for requests that cannot be read. Thrown where no reply is available; `send-problems` turns them into answers. */
import type { ValidationError } from "./to-validation-errors.ts";

/** Maximum number of `errors` in one answer. A body or a query could contain thousands. */
export const VIOLATIONS_NAMED_MAX = 20;

/** Answered 400 `invalid_request` with the first `VIOLATIONS_NAMED_MAX` of these errors. */
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
