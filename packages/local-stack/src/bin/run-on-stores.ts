/**
 * `run-on-stores.ts <entry> [arguments]`: run a tool of the product in the user's terminal, on the stores of the environment or of
 * the running `npm start`. `entry` is a path from the root of the repository; scripts/run.mjs names the tools.
 */
import { endWith } from "../process/end-with.ts";
import { runForeground } from "../process/run-foreground.ts";
import { readDataDir } from "../stack/read-start-settings.ts";
import { readStackFile } from "../stack/stack-file.ts";

await endWith(async () => {
	const { DATABASE_URL, REDIS_URL } = process.env;
	const stack = readStackFile(readDataDir(process.env));
	const env = { DATABASE_URL: DATABASE_URL || stack?.databaseUrl, REDIS_URL: REDIS_URL || stack?.redisUrl };
	if (!env.DATABASE_URL || !env.REDIS_URL)
		throw new Error("Which stores? Run npm start in another terminal, or set DATABASE_URL and REDIS_URL.");
	return runForeground(process.execPath, process.argv.slice(2), { env });
});
