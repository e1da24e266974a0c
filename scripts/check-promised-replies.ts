/** A step of `npm run check`: fails when code of the API could await a Fastify reply, and when no file was read. */
import { fileURLToPath } from "node:url";
import { findPromisedReplies } from "./find-promised-replies.ts";

const { files, violations } = findPromisedReplies(fileURLToPath(new URL("../apps/api/tsconfig.json", import.meta.url)));
for (const violation of violations) console.error(violation);
console.log(`${files} files, ${violations.length} promised replies`);
if (files === 0) console.error("No file was read, so nothing was checked. apps/api/tsconfig.json includes no file.");
process.exit(files === 0 || violations.length > 0 ? 1 : 0);
