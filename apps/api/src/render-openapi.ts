/** Renders the OpenAPI document without a running server. The stores are never called and need not exist. */
import { createDatabase } from "@holdfast/database";
import { DEFAULT_LIMITS } from "@holdfast/domain";
import { createLogger, createPasswords } from "@holdfast/runtime";
import { createAuthStore, createSeatStore } from "@holdfast/seat-store";
import { readApiSettings } from "./api-settings.ts";
import { buildApp } from "./app.ts";
import { createDrain } from "./health/drain.ts";

const UNREACHABLE = "127.0.0.1:9";

/** Returns the OpenAPI document as indented JSON text, identical to the one that the server serves. `npm run build` writes it. */
export async function renderOpenapi(): Promise<string> {
	const settings = readApiSettings({
		REDIS_URL: `redis://${UNREACHABLE}`,
		DATABASE_URL: `postgres://${UNREACHABLE}/nothing`,
		JWT_SECRET: "placeholder: no token is ever signed with this",
	});
	const seatStore = createSeatStore({ url: settings.redisUrl, limits: DEFAULT_LIMITS });
	const authStore = createAuthStore({ url: settings.redisUrl });
	const database = createDatabase({ url: settings.databaseUrl });
	const app = buildApp({
		settings,
		logger: createLogger("openapi", "silent"),
		seatStore,
		authStore,
		database,
		passwords: createPasswords(),
		drain: createDrain(),
	});
	try {
		await app.ready();
		return `${JSON.stringify(app.swagger(), null, "\t")}\n`;
	} finally {
		await app.close();
		authStore.close();
		await Promise.all([seatStore.close(), database.close()]);
	}
}
