/** Turns the validator's findings into the `errors` of an `invalid_request` problem: a JSON Pointer and a message each. */
import type { FastifySchemaValidationError } from "fastify/types/schema.js";

export type ValidationError = { pointer: string; message: string };

/** Where in the request the validator looked; the body has no prefix of its own. */
const PREFIXES: Readonly<Record<string, string>> = { body: "", querystring: "/query", headers: "/headers", params: "/path" };

export function findValidationErrors(errors: readonly FastifySchemaValidationError[], part: string): ValidationError[] {
	const prefix = PREFIXES[part] ?? "";
	return errors.map((error) => ({ pointer: prefix + error.instancePath + namedProperty(error.params), message: messageOf(error) }));
}

/** A missing or unknown field is reported at its parent; point at the field. */
function namedProperty(params: FastifySchemaValidationError["params"]): string {
	const name = params.missingProperty ?? params.additionalProperty;
	return typeof name === "string" ? pointerTo(name) : "";
}

/** One step of a JSON Pointer (RFC 6901). */
export const pointerTo = (name: string): string => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;

function messageOf(error: FastifySchemaValidationError): string {
	switch (error.keyword) {
		case "required":
			return "is required";
		case "additionalProperties":
			return "is not a field of this request";
		case "uniqueItems":
			return "must not name the same item twice";
		case "enum":
			return `must be one of ${JSON.stringify(error.params.allowedValues)}`;
		default:
			return error.message ?? "is not valid";
	}
}
