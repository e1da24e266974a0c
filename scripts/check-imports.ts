/** A step of `npm run check`: fails when an import breaks the table, and when no file was read at all. */
import { fileURLToPath } from "node:url";
import { findImportFlaws } from "./find-import-flaws.ts";

const { modules, flaws } = await findImportFlaws(fileURLToPath(new URL("..", import.meta.url)));
for (const flaw of flaws) console.error(flaw);
console.log(`${modules} modules, ${flaws.length} forbidden imports`);
// dependency-cruiser reads no TypeScript, and says nothing of it, when it finds a TypeScript without a compiler API.
if (modules === 0) console.error("No module was read: dependency-cruiser needs TypeScript 6 (packageExtensions in pnpm-workspace.yaml).");
process.exit(modules === 0 || flaws.length > 0 ? 1 : 0);
