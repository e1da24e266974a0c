/**
 * Applies all missing migrations to the database of DATABASE_URL as the role of DATABASE_OWNER_URL, and gives the role of DATABASE_URL its
 * rights. Safe to run twice, and concurrently with another run. Warns when the audit trail is not protected from the role of DATABASE_URL.
 */
import { readSettings } from "@holdfast/runtime";
import { checkApplicationRole, describeRisks } from "../check-application-role.ts";
import { createDatabase } from "../create-database.ts";
import { ApplicationRoleMissing } from "../grant-to-application.ts";
import { migrateDatabase } from "../migrate-database.ts";

const { url, ownerUrl } = readSettings(process.env, (env) => ({
	url: env.text("DATABASE_URL"),
	ownerUrl: env.text("DATABASE_OWNER_URL", ""),
}));

try {
	await migrateDatabase(ownerUrl || url, url);
} catch (error) {
	if (!(error instanceof ApplicationRoleMissing)) throw error;
	console.error(error.message);
	process.exit(1);
}
console.log("migrations: all applied");

const database = createDatabase({ url, applicationName: "holdfast-migrate", poolMax: 1 });
try {
	const check = await checkApplicationRole(database);
	if (check.risks.length > 0) console.log(`Warning: ${describeRisks(check)}`);
} catch (error) {
	console.log(`Warning: the role of DATABASE_URL could not be checked: ${error instanceof Error ? error.message : String(error)}`);
} finally {
	await database.close();
}
