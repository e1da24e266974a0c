/**
 * `run-on-stores.ts <entry> [arguments]`: runs a command-line tool of the product in the user's terminal. The tool gets DATABASE_URL
 * and REDIS_URL from the environment, or from the running `npm start`. `entry` is a path relative to the repository root;
 * scripts/run.mjs lists the tools.
 */
import { exitWith } from "../process/exit-with.ts";
import { runForeground } from "../process/run-foreground.ts";
import { readDataDir } from "../stack/read-start-settings.ts";
import { readStackFile } from "../stack/stack-file.ts";

await exitWith(async () => {
	const { DATABASE_URL, REDIS_URL } = process.env;
	const stack = readStackFile(readDataDir(process.env));
	// A tool works with the rights of the application: it does not get the owner's URL.
	const env = {
		DATABASE_URL: DATABASE_URL || stack?.databaseUrl,
		DATABASE_OWNER_URL: undefined,
		REDIS_URL: REDIS_URL || stack?.redisUrl,
	};
	if (!env.DATABASE_URL || !env.REDIS_URL)
		throw new Error(
			"DATABASE_URL or REDIS_URL is not set, and npm start is not running. Nothing was done. Run npm start in another terminal, or set both.",
		);
	return runForeground(process.execPath, process.argv.slice(2), { env });
});
