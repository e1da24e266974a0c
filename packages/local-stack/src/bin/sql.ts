/**
 * `node scripts/run.mjs sql "select ..."`: runs one statement on DATABASE_URL, or on the database of the running `npm start`, and
 * prints the rows as a table.
 */
import { queryPostgres } from "../postgres/query-postgres.ts";
import { exitWith } from "../process/exit-with.ts";
import { findDatabaseUrls } from "../stack/find-database-urls.ts";

await exitWith(async () => {
	const [statement] = process.argv.slice(2);
	if (statement === undefined) throw new Error('Usage: node scripts/run.mjs sql "select * from bookings limit 3"');
	const rows = await queryPostgres(findDatabaseUrls(process.env).databaseUrl, statement);
	console.table(rows);
	console.log(`${rows.length} row${rows.length === 1 ? "" : "s"}`);
	return 0;
});
