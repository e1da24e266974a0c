/** Run a tool of the product in the user's terminal, on the stores of the environment or of the running `npm start`. */
import { endWith } from "../process/end-with.ts";
import { runForeground } from "../process/run-foreground.ts";
import { readDataDir } from "./read-start-settings.ts";
import { readStackFile } from "./stack-file.ts";

/** `entry` is a path from the root of the repository; the command's own arguments go to it. Ends this process. */
export async function runOnStores(entry: string): Promise<void> {
	await endWith(async () => {
		const { DATABASE_URL, REDIS_URL } = process.env;
		const stack = readStackFile(readDataDir(process.env));
		const env = { DATABASE_URL: DATABASE_URL || stack?.databaseUrl, REDIS_URL: REDIS_URL || stack?.redisUrl };
		if (!env.DATABASE_URL || !env.REDIS_URL)
			throw new Error("Which stores? Run npm start in another terminal, or set DATABASE_URL and REDIS_URL.");
		return runForeground(process.execPath, [entry, ...process.argv.slice(2)], { env });
	});
}
