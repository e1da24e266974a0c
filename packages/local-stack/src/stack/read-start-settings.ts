/** What `npm start` and `npm run dev` may be told through the environment. */
import { isAbsolute, join } from "node:path";
import { readSettings } from "@holdfast/runtime";
import { REPOSITORY_ROOT } from "../repository.ts";
import type { StackOptions } from "./start-stack.ts";

const PORT = { env: "PORT", default: 4000, min: 0, max: 65_535 };

export type StartSettings = Pick<StackOptions, "dataDir" | "host" | "redisUrl" | "databaseUrl"> & { readonly apiPort: number };

/** Throws `SettingsError`, which names every flaw. */
export function readStartSettings(env: NodeJS.ProcessEnv): StartSettings {
	const { REDIS_URL: redisUrl = "", DATABASE_URL: databaseUrl = "" } = env;
	return readSettings(env, (reader) => ({
		dataDir: readDataDir(env),
		host: reader.text("HOST", "127.0.0.1"),
		apiPort: reader.integer(PORT),
		...(redisUrl === "" ? {} : { redisUrl }),
		...(databaseUrl === "" ? {} : { databaseUrl }),
	}));
}

/** DATA_DIR, taken from the root of the repository when relative; `.data` when absent. */
export function readDataDir(env: NodeJS.ProcessEnv): string {
	const dataDir = env.DATA_DIR || ".data";
	return isAbsolute(dataDir) ? dataDir : join(REPOSITORY_ROOT, dataDir);
}
