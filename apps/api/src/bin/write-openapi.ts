/** Write the OpenAPI document to dist/openapi.json, for client generators. Needs no store: nothing is asked of any. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createDatabase } from "@holdfast/database";
import { DEFAULT_LIMITS } from "@holdfast/domain";
import { createLogger } from "@holdfast/runtime";
import { createAuthStore, createSeatStore } from "@holdfast/seat-store";
import { buildApp } from "../app.ts";
import { DEFAULT_RATES } from "../rates.ts";

const NOWHERE = "127.0.0.1:9";
const seatStore = createSeatStore({ url: `redis://${NOWHERE}`, limits: DEFAULT_LIMITS });
const authStore = createAuthStore({ url: `redis://${NOWHERE}` });
const database = createDatabase({ url: `postgres://${NOWHERE}/nothing` });
const settings = {
	jwtSecret: "signs nothing, since nobody signs in here",
	limits: DEFAULT_LIMITS,
	quarantineMs: null,
	inFlightMax: 1,
	rates: DEFAULT_RATES,
	corsOrigins: [],
	trustProxy: [],
};
const app = buildApp({ settings, logger: createLogger("write-openapi", "silent"), seatStore, authStore, database });

await app.ready();
const folder = join(import.meta.dirname, "../../dist");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "openapi.json"), `${JSON.stringify(app.swagger(), null, "\t")}\n`);
await app.close();
authStore.close();
await Promise.all([seatStore.close(), database.close()]);
