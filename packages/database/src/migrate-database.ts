/** Migrates a database to the schema of this version, and gives the application's role its rights on it. */
import { fileURLToPath } from "node:url";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { createApplicationRole, grantToApplication, roleOf } from "./grant-to-application.ts";

const MIGRATIONS_FOLDER = fileURLToPath(new URL("../../../drizzle", import.meta.url));
/** Key of the advisory lock that migrations take. The number is arbitrary, but nothing else may use it. */
const MIGRATE_LOCK = 4_807_526_976;

/**
 * Applies the migrations in `drizzle/` that this database does not have yet, as the role of `ownerUrl`, which owns what they create. Then
 * gives the role of `applicationUrl` its rights, and creates that role before, if it is missing and the owner may; nothing of this is done
 * when both URLs have one role. Safe to call twice, and from several processes at once: they wait for each other. Throws when Postgres
 * cannot be reached, a migration fails, or the application's role has to be created by hand (`ApplicationRoleMissing`). A failed migration
 * is rolled back.
 */
export async function migrateDatabase(ownerUrl: string, applicationUrl: string = ownerUrl): Promise<void> {
	// One connection, because the lock belongs to a session. No statement timeout, because a migration may take long.
	const client = postgres(ownerUrl, {
		max: 1,
		connect_timeout: 5,
		onnotice: () => {},
		connection: { application_name: "holdfast-migrate", statement_timeout: 0 },
	});
	const hasOwnRole = roleOf(applicationUrl) !== roleOf(ownerUrl);
	try {
		const queries = drizzle(client);
		await queries.execute(sql`select pg_advisory_lock(${MIGRATE_LOCK})`);
		if (hasOwnRole) await createApplicationRole(client, applicationUrl);
		await migrate(queries, { migrationsFolder: MIGRATIONS_FOLDER });
		if (hasOwnRole) await grantToApplication(client, roleOf(applicationUrl));
	} finally {
		await client.end({ timeout: 5 });
	}
}
