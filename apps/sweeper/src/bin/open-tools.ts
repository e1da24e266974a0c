/** Runs a command-line tool on the stores that the environment names, and closes them afterwards. */
import { checkBuckets, createDatabase } from "@holdfast/database";
import { DEFAULT_LIMITS, LIMIT_SPECS } from "@holdfast/domain";
import { createLogger, readSettings } from "@holdfast/runtime";
import { createAuthStore, createSeatStore, readDurabilitySettings } from "@holdfast/seat-store";

/** The stores, limits and log of a tool. */
export type Tools = ReturnType<typeof openTools>;

/**
 * Runs `work` and sets the exit code of the process to its result. If anything throws, prints the error's message to stderr and sets the
 * exit code to 1.
 */
export async function withTools(work: (tools: Tools) => Promise<number>): Promise<void> {
	try {
		const tools = openTools();
		try {
			const check = await checkBuckets(tools.database, tools.limits.buckets);
			if (check.outcome === "beyond") throw new Error(check.reason);
			process.exitCode = await work(tools);
		} finally {
			await Promise.allSettled([tools.seatStore.close(), tools.database.close()]);
		}
	} catch (error) {
		process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
		process.exitCode = 1;
	}
}

function openTools() {
	const { databaseUrl, redisUrl, limits, durability } = readSettings(process.env, (env) => ({
		databaseUrl: env.text("DATABASE_URL"),
		redisUrl: env.text("REDIS_URL"),
		limits: { ...DEFAULT_LIMITS, buckets: env.integer(LIMIT_SPECS.buckets) },
		durability: readDurabilitySettings(env),
	}));
	return {
		seatStore: createSeatStore({ url: redisUrl, limits, ...durability }),
		limits,
		/** Opens a further connection for sign-in data. The caller closes it. */
		openAuthStore: () => createAuthStore({ url: redisUrl }),
		database: createDatabase({ url: databaseUrl, applicationName: "holdfast-tool" }),
		log: createLogger("tool", "silent"),
	};
}
