/** `npm test`: every test once. Arguments go to vitest: `npm test -- --project unit`, `npm test -- place-hold`. */
import { findRedisServer, runForeground } from "@holdfast/local-stack";

// Before any test needs it: unpacking a package would otherwise count as a test's time.
await findRedisServer();
process.exit(await runForeground("vitest", ["run", ...process.argv.slice(2)]));
