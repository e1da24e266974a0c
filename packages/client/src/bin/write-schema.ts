/** Copies the OpenAPI document from the last build of the API, and generates `schema.ts` from it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateSchema } from "../generate-schema.ts";

const PACKAGE = join(import.meta.dirname, "../..");
const document = readFileSync(join(PACKAGE, "../../apps/api/dist/openapi.json"), "utf8");
writeFileSync(join(PACKAGE, "openapi.json"), document);
writeFileSync(join(PACKAGE, "src/schema.ts"), await generateSchema(document));
