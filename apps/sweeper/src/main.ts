/** Runs the sweeper as a process: reads the settings, opens the stores, starts the sweeper, and stops it gracefully on a signal. */
import { checkBucketsAtStart, createDatabase, warnOfRisksAtStart } from "@holdfast/database";
import { DEFAULT_LIMITS, LIMIT_SPECS, QUARANTINE_SPEC } from "@holdfast/domain";
import { closeOnSignals, createLogger, readSettings, serveMetrics } from "@holdfast/runtime";
import { createSeatStore, findReasonNotToStart, readDurabilitySettings } from "@holdfast/seat-store";
import { createSweeper } from "./sweeper.ts";
import { createSweeperMetrics } from "./sweeper-metrics.ts";

const settings = readSettings(process.env, (env) => ({
	databaseUrl: env.text("DATABASE_URL"),
	redisUrl: env.text("REDIS_URL"),
	logLevel: env.text("LOG_LEVEL", "info"),
	quarantineMs: env.optionalInteger(QUARANTINE_SPEC),
	metricsHost: env.text("METRICS_HOST", "127.0.0.1"),
	metricsPort: env.optionalInteger({ env: "METRICS_PORT", min: 0, max: 65_535 }),
	limits: { ...DEFAULT_LIMITS, buckets: env.integer(LIMIT_SPECS.buckets), settleBatchMax: env.integer(LIMIT_SPECS.settleBatchMax) },
	durability: readDurabilitySettings(env),
}));

const seatStoreOptions = { url: settings.redisUrl, limits: settings.limits, ...settings.durability };
const bucketsCheck = { url: settings.databaseUrl, buckets: settings.limits.buckets, onBeyond: exitWith };
const reasonNotToStart = (await findReasonNotToStart(seatStoreOptions)) ?? (await checkBucketsAtStart(bucketsCheck));
if (reasonNotToStart !== null) exitWith(reasonNotToStart);

const log = createLogger("sweeper", settings.logLevel);
await warnOfRisksAtStart({ url: settings.databaseUrl, log });
const seatStore = createSeatStore({ ...seatStoreOptions, log });
const database = createDatabase({ url: settings.databaseUrl, applicationName: "holdfast-sweeper" });
const metrics = createSweeperMetrics();
const sweeper = createSweeper({ ...settings, seatStore, database, metrics, log });

sweeper.start();
const { metricsHost: host, metricsPort: port } = settings;
const served = port === null ? null : await serveMetrics(metrics, { host, port });
log.info("sweeper started");

closeOnSignals(
	log,
	async () => {
		await Promise.all([sweeper.stop(), served?.close()]);
		await seatStore.close();
		await database.close();
	},
	{ followParent: true },
);

function exitWith(reason: string): never {
	process.stderr.write(`${reason}\n`);
	process.exit(1);
}
