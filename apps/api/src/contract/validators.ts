/**
 * Compiles the validators of requests. Every validation error is reported. Unknown fields are rejected instead of removed silently.
 * Values are not converted, except that text in a query string may stand for a number.
 */
import AjvCompiler from "@fastify/ajv-compiler";

/** `allErrors` costs work for each error; the limit on the body size (app.ts) bounds that work. */
const STRICT = { removeAdditional: false, coerceTypes: false, useDefaults: true, allErrors: true } as const;

/** Keeps one Ajv for each set of schemas and options, so that the schemas are compiled once for all plugins and apps of this process. */
const build = AjvCompiler();

/** The compiler factory for Fastify's `schemaController`. */
export const buildValidator: ReturnType<typeof AjvCompiler> = (externalSchemas) => {
	const strict = build(externalSchemas, { customOptions: STRICT });
	// Not `strictNumbers`: `1e309` is converted to Infinity, which with `strictNumbers` neither the type nor the bounds would reject.
	const fromText = build(externalSchemas, { customOptions: { ...STRICT, coerceTypes: true, strictNumbers: false } });
	return (part) => (typeof part === "object" && part.httpPart === "querystring" ? fromText : strict)(part);
};
