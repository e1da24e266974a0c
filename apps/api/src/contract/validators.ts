/**
 * Compiles the validators of requests. Every validation error is reported. Unknown fields are rejected instead of removed silently.
 * Values are not converted, except that text in a query string may stand for a number.
 */
import AjvCompiler from "@fastify/ajv-compiler";
import { isCurrency, isTimeZone } from "@holdfast/domain";
import { NewSeatPlan } from "./admin-seat-plan.ts";

/** The formats of this API, beside those of JSON Schema. */
const FORMATS = { "iana-time-zone": isTimeZone, "iso-4217": isCurrency };

/**
 * `allErrors` costs work for each error; the limit on the body size (app.ts) bounds that work. It is too much for a seat plan of 8 MiB,
 * which could have millions: of those, only the first is reported. The errors of a plan that has the right form are listed by the domain.
 */
const STRICT = { removeAdditional: false, coerceTypes: false, useDefaults: true, allErrors: true, formats: FORMATS } as const;

/** Keeps one Ajv for each set of schemas and options, so that the schemas are compiled once for all plugins and apps of this process. */
const build = AjvCompiler();

/** The compiler factory for Fastify's `schemaController`. */
export const buildValidator: ReturnType<typeof AjvCompiler> = (externalSchemas) => {
	const strict = build(externalSchemas, { customOptions: STRICT });
	// Not `strictNumbers`: `1e309` is converted to Infinity, which with `strictNumbers` neither the type nor the bounds would reject.
	const fromText = build(externalSchemas, { customOptions: { ...STRICT, coerceTypes: true, strictNumbers: false } });
	const firstError = build(externalSchemas, { customOptions: { ...STRICT, allErrors: false } });
	return (part) => {
		const { httpPart, schema } = Object(part);
		if (httpPart === "querystring") return fromText(part);
		return (schema?.$ref === `${NewSeatPlan.schema.$id}#` ? firstError : strict)(part);
	};
};
