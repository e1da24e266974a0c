/**
 * `npm run db:migrate`: applies all pending migrations to the database of DATABASE_URL, or of the running `npm start`, as the role of
 * DATABASE_OWNER_URL, and gives the role of DATABASE_URL its rights.
 */
import { exitWith } from "../process/exit-with.ts";
import { runForeground } from "../process/run-foreground.ts";
import { findDatabaseUrls } from "../stack/find-database-urls.ts";

await exitWith(async () => {
	const { databaseUrl, databaseOwnerUrl } = findDatabaseUrls(process.env);
	const env = { DATABASE_URL: databaseUrl, DATABASE_OWNER_URL: databaseOwnerUrl };
	return runForeground(process.execPath, ["packages/database/src/bin/apply-migrations.ts", ...process.argv.slice(2)], { env });
});
