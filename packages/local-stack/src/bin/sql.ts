/** `node scripts/run.mjs sql "select ..."`: one statement on DATABASE_URL or the database of the running `npm start`. */
import { queryPostgres } from "../postgres/query-postgres.ts";
import { findDatabaseUrl } from "../stack/find-database-url.ts";

const [statement] = process.argv.slice(2);
if (statement === undefined) {
	console.error('Usage: node scripts/run.mjs sql "select * from bookings limit 3"');
	process.exit(2);
}
const rows = await queryPostgres(findDatabaseUrl(process.env), statement);
console.table(rows);
console.log(`${rows.length} row${rows.length === 1 ? "" : "s"}`);
