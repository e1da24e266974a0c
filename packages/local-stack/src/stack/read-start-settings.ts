/** The environment variables of `npm start` and `npm run dev`. */
import { isAbsolute, join } from "node:path";
import { readSettings } from "@holdfast/runtime";
import { REPOSITORY_ROOT } from "../repository.ts";
import { readDatabaseUrls } from "./read-database-urls.ts";
import type { StackOptions } from "./start-stack.ts";

const PORT = { env: "PORT", default: 4000, min: 0, max: 65_535 };

/** The settings of a stack in the user's terminal. */
export type StartSettings = Pick<StackOptions, "dataDir" | "host" | "redisUrl" | "databaseUrl" | "databaseOwnerUrl"> & {
	readonly apiPort: number;
};

/** Returns the settings, with defaults for absent ones. Throws `SettingsError`, which names every invalid setting. */
export function readStartSettings(env: NodeJS.ProcessEnv): StartSettings {
	const { REDIS_URL: redisUrl = "" } = env;
	return readSettings(env, (reader) => ({
		dataDir: readDataDir(env),
		host: reader.text("HOST", "127.0.0.1"),
		apiPort: reader.integer(PORT),
		...(redisUrl === "" ? {} : { redisUrl }),
		...readDatabaseUrls(env),
	}));
}

/** Returns DATA_DIR as an absolute path (a relative one is relative to the repository root); `.data` when absent. */
export function readDataDir(env: NodeJS.ProcessEnv): string {
	const dataDir = env.DATA_DIR || ".data";
	return isAbsolute(dataDir) ? dataDir : join(REPOSITORY_ROOT, dataDir);
}
