/** The OpenAPI document as the server gives it out, without a server: no store is asked anything, none need be there. */
import { createDatabase } from "@holdfast/database";
import { DEFAULT_LIMITS } from "@holdfast/domain";
import { createLogger } from "@holdfast/runtime";
import { createAuthStore, createSeatStore } from "@holdfast/seat-store";
import { readApiSettings } from "./api-settings.ts";
import { buildApp } from "./app.ts";
import { createDrain } from "./health/drain.ts";

const NOWHERE = "127.0.0.1:9";

/** As text, indented: what `npm run build` writes. */
export async function renderOpenapi(): Promise<string> {
	const settings = readApiSettings({
		REDIS_URL: `redis://${NOWHERE}`,
		DATABASE_URL: `postgres://${NOWHERE}/nothing`,
		JWT_SECRET: "signs nothing, since nobody signs in here",
	});
	const seatStore = createSeatStore({ url: settings.redisUrl, limits: DEFAULT_LIMITS });
	const authStore = createAuthStore({ url: settings.redisUrl });
	const database = createDatabase({ url: settings.databaseUrl });
	const app = buildApp({ settings, logger: createLogger("openapi", "silent"), seatStore, authStore, database, drain: createDrain() });
	try {
		await app.ready();
		return `${JSON.stringify(app.swagger(), null, "\t")}\n`;
	} finally {
		await app.close();
		authStore.close();
		await Promise.all([seatStore.close(), database.close()]);
	}
}
