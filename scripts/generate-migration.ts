/** `npm run db:generate -- --name what-changes`: writes an SQL migration to drizzle/ from the changes of the schema. */
import { exitWith, runForeground } from "@holdfast/local-stack";

await exitWith(() => runForeground("packages/database/node_modules/.bin/drizzle-kit", ["generate", ...process.argv.slice(2)]));
