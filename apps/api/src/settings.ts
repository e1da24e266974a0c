/** The API's settings, read once from the environment at the process edge. */
import { LIMIT_SPECS, type Limits, QUARANTINE_SPEC } from "@holdfast/domain";
import { type Environment, readSettings, WORKERS_SPEC } from "@holdfast/runtime";
import { type DurabilityOptions, readDurabilitySettings } from "@holdfast/seat-store";

export type ApiSettings = {
	readonly databaseUrl: string;
	readonly redisUrl: string;
	/** Signs access tokens (HS256); at least 32 characters, no default. */
	readonly jwtSecret: string;
	readonly host: string;
	readonly port: number;
	readonly logLevel: string;
	/** What an acknowledgement waits for, and whether a Redis that cannot keep it is endured. */
	readonly durability: DurabilityOptions;
	/** Processes that serve. */
	readonly workers: number;
	readonly limits: Limits;
	/** Requests in flight in one process, past which the next one is answered `overloaded`. */
	readonly inFlightMax: number;
	/** How long free seats are kept back after a proven loss, ms; null: until a person opens them. */
	readonly quarantineMs: number | null;
};

/** RFC 7518 section 3.2: an HS256 key has at least as many bits as the hash. */
const JWT_SECRET_MIN_CHARS = 32;

/**
 * The default lies above the spike that this is built for: twenty thousand people who ask at the same moment, all of whom
 * one process may get. A request in flight costs some 10 KB.
 */
export const IN_FLIGHT_SPEC = { env: "IN_FLIGHT_MAX", default: 25_000, min: 1, max: 1_000_000 } as const;

/** Throws `SettingsError`, which names every flaw at once. */
export function readApiSettings(env: Environment): ApiSettings {
	return readSettings(env, (reader) => ({
		databaseUrl: reader.text("DATABASE_URL"),
		redisUrl: reader.text("REDIS_URL"),
		jwtSecret: reader.secret("JWT_SECRET", JWT_SECRET_MIN_CHARS),
		host: reader.text("HOST", "127.0.0.1"),
		port: reader.integer({ env: "PORT", default: 4000, min: 0, max: 65_535 }),
		logLevel: reader.text("LOG_LEVEL", "info"),
		workers: reader.integer(WORKERS_SPEC),
		quarantineMs: reader.optionalInteger(QUARANTINE_SPEC),
		inFlightMax: reader.integer(IN_FLIGHT_SPEC),
		limits: {
			holdTtlMs: reader.integer(LIMIT_SPECS.holdTtlMs),
			holdExtensionMs: reader.integer(LIMIT_SPECS.holdExtensionMs),
			holdLifeMaxMs: reader.integer(LIMIT_SPECS.holdLifeMaxMs),
			seatsPerBookingMax: reader.integer(LIMIT_SPECS.seatsPerBookingMax),
			seatsPerUserMax: reader.integer(LIMIT_SPECS.seatsPerUserMax),
			liveHoldsPerUserMax: reader.integer(LIMIT_SPECS.liveHoldsPerUserMax),
			outboxMax: reader.integer(LIMIT_SPECS.outboxMax),
			settleBatchMax: reader.integer(LIMIT_SPECS.settleBatchMax),
		},
		durability: readDurabilitySettings(reader),
	}));
}
