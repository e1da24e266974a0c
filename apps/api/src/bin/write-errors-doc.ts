/** Writes docs/errors.md from the problem table. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderErrorsDoc } from "../contract/render-errors-doc.ts";

writeFileSync(join(import.meta.dirname, "../../../../docs/errors.md"), renderErrorsDoc());
