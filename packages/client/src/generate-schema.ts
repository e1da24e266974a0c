/** The types of the API, generated from its OpenAPI document. */
import openapiTS, { astToString } from "openapi-typescript";

const HEADER = "/** Generated from openapi.json by `npm run build`: the routes of the API as types. Not edited by hand. */\n\n";

/** TypeScript source. `document` is the JSON text of an OpenAPI document. */
export async function generateSchema(document: string): Promise<string> {
	const nodes = await openapiTS(document, { rootTypes: true, rootTypesNoSchemaPrefix: true, alphabetize: false });
	return HEADER + astToString(nodes);
}
