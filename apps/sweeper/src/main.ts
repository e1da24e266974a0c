/** The sweeper's process: settings, logger, connections, graceful stop. */
import { createDatabase } from "@holdfast/database";
import { DEFAULT_LIMITS, LIMIT_SPECS } from "@holdfast/domain";
import { closeOnSignals, createLogger, readSettings } from "@holdfast/runtime";
import { createSeatStore, findReasonNotToStart, readDurabilitySettings } from "@holdfast/seat-store";
import { createSweeper } from "./sweeper.ts";

const settings = readSettings(process.env, (env) => ({
	databaseUrl: env.text("DATABASE_URL"),
	redisUrl: env.text("REDIS_URL"),
	logLevel: env.text("LOG_LEVEL", "info"),
	limits: { ...DEFAULT_LIMITS, settleBatchMax: env.integer(LIMIT_SPECS.settleBatchMax) },
	durability: readDurabilitySettings(env),
}));

const seatStoreOptions = { url: settings.redisUrl, limits: settings.limits, ...settings.durability };
const reasonNotToStart = await findReasonNotToStart(seatStoreOptions);
if (reasonNotToStart !== null) {
	process.stderr.write(`${reasonNotToStart}\n`);
	process.exit(1);
}

const log = createLogger("sweeper", settings.logLevel);
const seatStore = createSeatStore({ ...seatStoreOptions, log });
const database = createDatabase({ url: settings.databaseUrl, applicationName: "holdfast-sweeper" });
const sweeper = createSweeper({ seatStore, database, limits: settings.limits, log });

sweeper.start();
log.info("sweeping");

closeOnSignals(
	log,
	async () => {
		await sweeper.stop();
		await seatStore.close();
		await database.close();
	},
	{ followParent: true },
);
