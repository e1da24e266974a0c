/** Migrates a database to the schema of this version. */
import { fileURLToPath } from "node:url";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";

const MIGRATIONS_FOLDER = fileURLToPath(new URL("../../../drizzle", import.meta.url));
/** Key of the advisory lock that migrations take. The number is arbitrary, but nothing else may use it. */
const MIGRATE_LOCK = 4_807_526_976;

/**
 * Applies the migrations in `drizzle/` that this database does not have yet. Safe to call twice, and from several processes at once: they
 * wait for each other. Throws when Postgres cannot be reached or a migration fails. A failed migration is rolled back.
 */
export async function migrateDatabase(url: string): Promise<void> {
	// One connection, because the lock belongs to a session. No statement timeout, because a migration may take long.
	const client = postgres(url, {
		max: 1,
		connect_timeout: 5,
		onnotice: () => {},
		connection: { application_name: "holdfast-migrate", statement_timeout: 0 },
	});
	try {
		const queries = drizzle(client);
		await queries.execute(sql`select pg_advisory_lock(${MIGRATE_LOCK})`);
		await migrate(queries, { migrationsFolder: MIGRATIONS_FOLDER });
	} finally {
		await client.end({ timeout: 5 });
	}
}
