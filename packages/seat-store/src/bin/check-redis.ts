/** Ends with 1, and prints why, when bookings can never work on the Redis at REDIS_URL as it is. One that does not answer may still come. */
import { DEFAULT_LIMITS } from "@holdfast/domain";
import { readSettings } from "@holdfast/runtime";
import { findReasonNeverToWork, readDurabilitySettings } from "../durability-settings.ts";

const settings = readSettings(process.env, (env) => ({ url: env.text("REDIS_URL"), ...readDurabilitySettings(env) }));
const reason = await findReasonNeverToWork({ ...settings, limits: DEFAULT_LIMITS });
if (reason !== null) {
	process.stderr.write(`${reason}\n`);
	process.exitCode = 1;
}
