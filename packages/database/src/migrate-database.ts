/** Bring a database to the schema of this version. */
import { fileURLToPath } from "node:url";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";

const MIGRATIONS_FOLDER = fileURLToPath(new URL("../../../drizzle", import.meta.url));
/** Advisory lock of migrations: any number of its own. */
const MIGRATE_LOCK = 4_807_526_976;

/**
 * Run the migrations in `drizzle/` that this database has not had. Safe to call twice, and from several processes at
 * once: they wait for each other. Throws when Postgres cannot be reached or a migration fails; a failed one leaves nothing.
 */
export async function migrateDatabase(url: string): Promise<void> {
	// One connection, because the lock belongs to it. No time limit: a migration takes as long as it takes.
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
