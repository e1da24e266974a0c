/** Converts the errors of the schema validator to the `errors` of an `invalid_request` problem. */
import type { FastifySchemaValidationError } from "fastify/types/schema.js";

/** One invalid value: a JSON Pointer to it, and what is wrong with it. */
export type ValidationError = { pointer: string; message: string };

/** Pointer prefix of each part of the request. */
const PREFIXES: Readonly<Record<string, string>> = { body: "", querystring: "/query", headers: "/headers", params: "/path" };

/**
 * Returns one entry for each error. `part` is the validated part of the request: body, querystring, headers or params. The pointers of any
 * other part get no prefix, like those of a body.
 */
export function toValidationErrors(errors: readonly FastifySchemaValidationError[], part: string): ValidationError[] {
	const prefix = PREFIXES[part] ?? "";
	return errors.map((error) => ({ pointer: prefix + error.instancePath + stepToField(error.params), message: messageOf(error) }));
}

/** Ajv reports a missing or unknown field at its parent. Returns the pointer step from the parent to the field; for any other error "". */
function stepToField(params: FastifySchemaValidationError["params"]): string {
	const name = params.missingProperty ?? params.additionalProperty;
	return typeof name === "string" ? pointerStep(name) : "";
}

/** Returns one step of a JSON Pointer (RFC 6901), escaped. */
export const pointerStep = (name: string): string => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;

function messageOf(error: FastifySchemaValidationError): string {
	switch (error.keyword) {
		case "required":
			return "is required";
		case "additionalProperties":
			return "is not a field of this request";
		case "uniqueItems":
			return "must not contain the same item twice";
		case "enum":
			return `must be one of ${JSON.stringify(error.params.allowedValues)}`;
		default:
			return error.message ?? "is not valid";
	}
}
