/** A step of `npm run check`: fails when an import is forbidden, and when no file was read. */
import { fileURLToPath } from "node:url";
import { findImportViolations } from "./find-import-violations.ts";

const { modules, violations } = await findImportViolations(fileURLToPath(new URL("..", import.meta.url)));
for (const violation of violations) console.error(violation);
console.log(`${modules} modules, ${violations.length} forbidden imports`);
// With a TypeScript version that has no compiler API, dependency-cruiser silently skips every TypeScript file.
if (modules === 0)
	console.error(
		"No module was read, so no import was checked. dependency-cruiser needs TypeScript 6: see packageExtensions in pnpm-workspace.yaml.",
	);
process.exit(modules === 0 || violations.length > 0 ? 1 : 0);
