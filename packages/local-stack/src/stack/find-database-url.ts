/** Finds the database for a command that gets no URL as an argument. */
import { readDataDir } from "./read-start-settings.ts";
import { readStackFile } from "./stack-file.ts";

/** Returns DATABASE_URL, else the database of the stack on this data folder. Throws when there is neither. */
export function findDatabaseUrl(env: NodeJS.ProcessEnv): string {
	const url = env.DATABASE_URL || readStackFile(readDataDir(env))?.databaseUrl;
	if (url === undefined)
		throw new Error(
			"DATABASE_URL is not set, and npm start is not running. Nothing was done. Run npm start in another terminal, or set DATABASE_URL.",
		);
	return url;
}
