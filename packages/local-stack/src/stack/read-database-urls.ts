/** Reads the URLs of the database from environment variables. */
import { SettingsError } from "@holdfast/runtime";

/** One database as two roles. Both URLs are the same where there is only one role. */
export type DatabaseUrls = {
	/** As the role of the application. */
	readonly databaseUrl: string;
	/** As the role that owns the tables and runs the migrations. */
	readonly databaseOwnerUrl: string;
};

/**
 * Returns DATABASE_URL and DATABASE_OWNER_URL, which is DATABASE_URL when it is not set; null without DATABASE_URL. Throws `SettingsError`
 * when only the owner's URL is set: it belongs to a database that no other setting names.
 */
export function readDatabaseUrls(env: NodeJS.ProcessEnv): DatabaseUrls | null {
	const { DATABASE_URL: databaseUrl = "", DATABASE_OWNER_URL: databaseOwnerUrl = "" } = env;
	if (databaseUrl !== "") return { databaseUrl, databaseOwnerUrl: databaseOwnerUrl || databaseUrl };
	if (databaseOwnerUrl !== "")
		throw new SettingsError("DATABASE_OWNER_URL is set and DATABASE_URL is not. Nothing was done. Set both, or neither.");
	return null;
}
