/**
 * Checks whether Postgres accepts writes: the server is a primary, and neither this session nor a new session is read-only. Existing
 * sessions keep the setting that they started with. After a database or a role is made read-only, its existing sessions stay writable
 * until they end; after it is made writable again, its existing sessions stay read-only. This check does not find a full disk, which
 * shows as bookings that are not settled.
 */
import { sql } from "drizzle-orm";
import { isReadOnlyRefusal } from "./classify-error.ts";
import type { Database } from "./create-database.ts";
import { readFrom } from "./run-queries.ts";

/** The subquery puts the setting with the highest precedence first. Source: PostgreSQL, ALTER ROLE. */
const READ_ONLY_QUERY = sql`
	select
		pg_is_in_recovery() or current_setting('transaction_read_only')::boolean as this_session,
		coalesce((
			select split_part(setting, '=', 2)::boolean
			from pg_db_role_setting, unnest(setconfig) as setting
			where setting like 'default_transaction_read_only=%'
				and setdatabase in (0, (select oid from pg_database where datname = current_database()))
				and setrole in (0, (select oid from pg_roles where rolname = session_user))
			order by setrole <> 0 desc, setdatabase <> 0 desc
			limit 1
		), false) as new_sessions`;

/** Returns whether Postgres accepts writes. Throws what `readFrom` throws when Postgres does not answer. Changes nothing. */
export async function isDatabaseWritable(database: Database): Promise<boolean> {
	// The first check replaces read-only sessions. Only a new session shows whether Postgres is writable again.
	return (await checkSession(database)) || (await checkSession(database));
}

async function checkSession(database: Database): Promise<boolean> {
	try {
		return await readFrom(database, "upkeep", async (queries) => {
			const [found] = await queries.execute<{ this_session: boolean; new_sessions: boolean }>(READ_ONLY_QUERY);
			if (found?.this_session !== false) throw new ReadOnlySession();
			return !found.new_sessions;
		});
	} catch (error) {
		if (isReadOnlyRefusal(error)) return false;
		throw error;
	}
}

/** Has the SQLSTATE of a write that a read-only session refused, so that the lane replaces its connections. */
class ReadOnlySession extends Error {
	override readonly name = "ReadOnlySession";
	readonly code = "25006";
}
