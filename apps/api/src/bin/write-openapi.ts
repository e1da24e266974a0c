/** Writes the OpenAPI document to dist/openapi.json. The typed client is generated from that file. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderOpenapi } from "../render-openapi.ts";

const folder = join(import.meta.dirname, "../../dist");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "openapi.json"), await renderOpenapi());
