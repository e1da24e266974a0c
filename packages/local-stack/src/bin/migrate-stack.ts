/** `npm run db:migrate`: applies all pending migrations to DATABASE_URL, or to the database of the running `npm start`. */
import { exitWith } from "../process/exit-with.ts";
import { runForeground } from "../process/run-foreground.ts";
import { findDatabaseUrl } from "../stack/find-database-url.ts";

await exitWith(async () => {
	const env = { DATABASE_URL: findDatabaseUrl(process.env) };
	return runForeground(process.execPath, ["packages/database/src/bin/apply-migrations.ts", ...process.argv.slice(2)], { env });
});
