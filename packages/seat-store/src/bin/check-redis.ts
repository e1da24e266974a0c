/**
 * Exits with status 1 and prints the reason when bookings can never work on the Redis at REDIS_URL with its current settings. A
 * Redis that does not answer is accepted, because it may start later.
 */
import { DEFAULT_LIMITS } from "@holdfast/domain";
import { readSettings } from "@holdfast/runtime";
import { findReasonNeverToWork, readDurabilitySettings } from "../durability-settings.ts";

const settings = readSettings(process.env, (env) => ({ url: env.text("REDIS_URL"), ...readDurabilitySettings(env) }));
const reason = await findReasonNeverToWork({ ...settings, limits: DEFAULT_LIMITS });
if (reason !== null) {
	process.stderr.write(`${reason}\n`);
	process.exitCode = 1;
}
