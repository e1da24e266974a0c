/** The stores for a tool that a person runs by hand, and their end. */
import { createDatabase } from "@holdfast/database";
import { DEFAULT_LIMITS } from "@holdfast/domain";
import { createLogger, readSettings } from "@holdfast/runtime";
import { createAuthStore, createSeatStore, readDurabilitySettings } from "@holdfast/seat-store";

export type Tools = ReturnType<typeof openTools>;

/** Run `work` on the stores of the environment; its exit code is the process's. What goes wrong is said in one line. */
export async function withTools(work: (tools: Tools) => Promise<number>): Promise<void> {
	try {
		const tools = openTools();
		try {
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
	const { databaseUrl, redisUrl, durability } = readSettings(process.env, (env) => ({
		databaseUrl: env.text("DATABASE_URL"),
		redisUrl: env.text("REDIS_URL"),
		durability: readDurabilitySettings(env),
	}));
	return {
		seatStore: createSeatStore({ url: redisUrl, limits: DEFAULT_LIMITS, ...durability }),
		/** Another connection, for a tool that needs it; the caller closes it. */
		openAuthStore: () => createAuthStore({ url: redisUrl }),
		database: createDatabase({ url: databaseUrl, applicationName: "holdfast-tool" }),
		log: createLogger("tool", "silent"),
	};
}
