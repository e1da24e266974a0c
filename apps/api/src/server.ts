/** Process edge of the API: reads the settings, creates the stores, listens, and shuts down cleanly. */
import cluster from "node:cluster";
import { checkBucketsAtStart, createDatabase, warnOfRisksAtStart } from "@holdfast/database";
import { closeOnSignals, createLogger, createPasswords, listenOptions, runWorkers, SettingsError } from "@holdfast/runtime";
import { createAuthStore, createSeatStore, findReasonNotToStart } from "@holdfast/seat-store";
import { type ApiSettings, readApiSettings } from "./api-settings.ts";
import { buildApp } from "./app.ts";
import { beginDrain, createDrain } from "./health/drain.ts";

const settings = readSettingsOrExit();
const seatStoreOptions = { url: settings.redisUrl, limits: settings.limits, ...settings.durability };
// Only at the first start. A restarted worker serves what it can, and /health reports the misconfiguration.
if (cluster.isPrimary) await exitIfMisconfigured();
const logger = createLogger("api", settings.logLevel);
if (cluster.isPrimary) await warnOfRisksAtStart({ url: settings.databaseUrl, log: logger });
await runWorkers(settings.workers, logger, serve);

async function serve(): Promise<void> {
	// Both stores connect in the background and keep retrying. The API starts and serves what it can while a store is down.
	const seatStore = createSeatStore({ ...seatStoreOptions, log: logger, probesWrites: true });
	const authStore = createAuthStore({ url: settings.redisUrl, log: logger });
	const database = createDatabase({ url: settings.databaseUrl, applicationName: "holdfast-api" });
	const drain = createDrain();
	const app = buildApp({ settings, logger, seatStore, authStore, database, passwords: createPasswords(), drain });
	closeOnSignals(
		logger,
		async () => {
			await app.close();
			authStore.close();
			await Promise.allSettled([seatStore.close(), database.close()]);
		},
		{ followParent: true, drain: { forMs: settings.drainMs, begin: () => beginDrain(app.server, drain) } },
	);
	await app.listen(listenOptions(settings));
}

function readSettingsOrExit(): ApiSettings {
	try {
		return readApiSettings(process.env);
	} catch (error) {
		if (!(error instanceof SettingsError)) throw error;
		return exitWith(error.message);
	}
}

async function exitIfMisconfigured(): Promise<void> {
	const bucketsCheck = { url: settings.databaseUrl, buckets: settings.limits.buckets, onBeyond: exitWith };
	const reason = (await findReasonNotToStart(seatStoreOptions)) ?? (await checkBucketsAtStart(bucketsCheck));
	if (reason !== null) exitWith(reason);
}

function exitWith(reason: string): never {
	process.stderr.write(`${reason}\n`);
	process.exit(1);
}
