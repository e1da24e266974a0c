/**
 * Whether Postgres takes writes: it is a primary, and neither this session nor a new one is read-only. A database or a role that
 * was made read-only stays writable in the sessions there are, until each of them ends; one that was made writable again stays
 * read-only in them. A disk that is full is not found here: it shows as bookings that are not settled.
 */
import { sql } from "drizzle-orm";
import { isReadOnlyRefusal } from "./classify-error.ts";
import type { Database } from "./create-database.ts";
import { readFrom } from "./run-queries.ts";

/** The stronger of several settings first: PostgreSQL, ALTER ROLE. */
const LOOK = sql`
	select
		pg_is_in_recovery() or current_setting('transaction_read_only')::boolean as here,
		coalesce((
			select split_part(setting, '=', 2)::boolean
			from pg_db_role_setting, unnest(setconfig) as setting
			where setting like 'default_transaction_read_only=%'
				and setdatabase in (0, (select oid from pg_database where datname = current_database()))
				and setrole in (0, (select oid from pg_roles where rolname = session_user))
			order by setrole <> 0 desc, setdatabase <> 0 desc
			limit 1
		), false) as elsewhere`;

/** Throws what `readFrom` throws when Postgres does not answer. */
export async function isDatabaseWritable(database: Database): Promise<boolean> {
	// The first look leaves sessions that are read-only; only new ones can tell whether that is over.
	return (await look(database)) || (await look(database));
}

async function look(database: Database): Promise<boolean> {
	try {
		return await readFrom(database, "upkeep", async (queries) => {
			const [found] = await queries.execute<{ here: boolean; elsewhere: boolean }>(LOOK);
			if (found?.here !== false) throw new ReadOnlySession();
			return !found.elsewhere;
		});
	} catch (error) {
		if (isReadOnlyRefusal(error)) return false;
		throw error;
	}
}

/** What Postgres says to a write in a read-only session; its connections are left for new ones. */
class ReadOnlySession extends Error {
	override readonly name = "ReadOnlySession";
	readonly code = "25006";
}
