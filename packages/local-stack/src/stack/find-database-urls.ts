/** Finds the database for a command that gets no URL as an argument. */
import { type DatabaseUrls, readDatabaseUrls } from "./read-database-urls.ts";
import { readDataDir } from "./read-start-settings.ts";
import { readStackFile } from "./stack-file.ts";

/** Returns the URLs of the environment, else those of the stack on this data folder. Throws when there are neither. */
export function findDatabaseUrls(env: NodeJS.ProcessEnv): DatabaseUrls {
	const urls = readDatabaseUrls(env) ?? readStackFile(readDataDir(env));
	if (urls === null)
		throw new Error(
			"DATABASE_URL is not set, and npm start is not running. Nothing was done. Run npm start in another terminal, or set DATABASE_URL.",
		);
	return urls;
}
