/** Generates the TypeScript types of the API from its OpenAPI document. */
import openapiTS, { astToString } from "openapi-typescript";

const HEADER = "/** The types of the API, generated from openapi.json by `npm run build`. Do not edit. */\n\n";

/** Returns the TypeScript source for `document`, the JSON text of an OpenAPI document. */
export async function generateSchema(document: string): Promise<string> {
	const nodes = await openapiTS(document, { rootTypes: true, rootTypesNoSchemaPrefix: true, alphabetize: false });
	return HEADER + astToString(nodes);
}
