/** The database that a command without further words means. */
import { readDataDir } from "./read-start-settings.ts";
import { readStackFile } from "./stack-file.ts";

/** DATABASE_URL, else the one of the stack on this data folder. Throws when there is neither. */
export function findDatabaseUrl(env: NodeJS.ProcessEnv): string {
	const url = env.DATABASE_URL || readStackFile(readDataDir(env))?.databaseUrl;
	if (url === undefined) throw new Error("Which database? Run npm start in another terminal, or set DATABASE_URL.");
	return url;
}
