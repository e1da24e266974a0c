/** `npm run db:generate -- --name what-changes`: turn a change of the schema into an SQL migration in drizzle/. */
import { endWith, runForeground } from "@holdfast/local-stack";

await endWith(() => runForeground("packages/database/node_modules/.bin/drizzle-kit", ["generate", ...process.argv.slice(2)]));
