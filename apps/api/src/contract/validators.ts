/**
 * How requests are judged against the contract: every flaw is reported, an unknown field is refused and never
 * stripped in silence, and nothing is converted, save that query strings, which know only text, may mean numbers.
 */
import AjvCompiler from "@fastify/ajv-compiler";

/** `allErrors` costs work per flaw; the body limit (app.ts) bounds it. */
const STRICT = { removeAdditional: false, coerceTypes: false, useDefaults: true, allErrors: true } as const;

export const buildValidator: ReturnType<typeof AjvCompiler> = (externalSchemas) => {
	const build = AjvCompiler();
	const strict = build(externalSchemas, { customOptions: STRICT });
	// Not strictNumbers: `1e309` becomes Infinity, and with it neither type nor bounds would look at that.
	const fromText = build(externalSchemas, { customOptions: { ...STRICT, coerceTypes: true, strictNumbers: false } });
	return (part) => (typeof part === "object" && part.httpPart === "querystring" ? fromText : strict)(part);
};
