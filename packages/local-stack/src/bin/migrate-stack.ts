/** `npm run db:migrate`: bring DATABASE_URL, or the database of the running `npm start`, to the newest migration. */
import { endWith } from "../process/end-with.ts";
import { runForeground } from "../process/run-foreground.ts";
import { findDatabaseUrl } from "../stack/find-database-url.ts";

await endWith(async () => {
	const env = { DATABASE_URL: findDatabaseUrl(process.env) };
	return runForeground(process.execPath, ["packages/database/src/bin/apply-migrations.ts", ...process.argv.slice(2)], { env });
});
