/** The API's settings, read once from the environment at the process edge. */
import { isIP } from "node:net";
import { DAY_MS, LIMIT_SPECS, type Limits, QUARANTINE_SPEC } from "@holdfast/domain";
import { ANSWER_TIMEOUT_SPEC, type Environment, readSettings, WORKERS_SPEC } from "@holdfast/runtime";
import { type DurabilityOptions, readDurabilitySettings } from "@holdfast/seat-store";
import { type Rates, readRates } from "./rates.ts";
import { WATCH_LIMIT_SPECS, WATCHERS_PER_ADDRESS_SPEC, type WatchLimits } from "./showtimes/watch-limits.ts";

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
	/** A request that takes longer than this to arrive is refused, ms. */
	readonly requestTimeoutMs: number;
	/** A connection whose client accepts nothing of a waiting answer for this long is dropped, ms. */
	readonly answerTimeoutMs: number;
	/** How long a connection on which nothing is asked is kept open, ms. */
	readonly keepAliveMs: number;
	/** How long the API serves on between SIGTERM, from which on it is not ready, and the end of listening, ms. */
	readonly drainMs: number;
	/** Age of the oldest event that is not recorded, past which health is `degraded`, ms. */
	readonly settleLagMaxMs: number;
	/** Requests in flight in one process, past which the next one is answered `overloaded`. */
	readonly inFlightMax: number;
	/** How often somebody may ask. */
	readonly rates: Rates;
	/** Origins whose pages may read answers; empty: none but our own. */
	readonly corsOrigins: readonly string[];
	/** Proxies whose word on the client's address is taken: addresses, subnets, or a name such as `loopback`. Empty: nobody's. */
	readonly trustProxy: readonly string[];
	/** How long free seats are kept back after a proven loss, ms; null: until a person opens them. */
	readonly quarantineMs: number | null;
	/** How many may watch seats in this process. */
	readonly watchLimits: WatchLimits;
};

/** RFC 7518 section 3.2: an HS256 key has at least as many bits as the hash. */
const JWT_SECRET_MIN_CHARS = 32;

/**
 * The default lies above the spike that this is built for: twenty thousand people who ask at the same moment, all of whom
 * one process may get. A request in flight costs some 10 KB.
 */
export const IN_FLIGHT_SPEC = { env: "IN_FLIGHT_MAX", default: 25_000, min: 1, max: 1_000_000 } as const;

/** Somebody who sends a byte now and then keeps a connection and its memory for this long. A request of ours is one packet. */
export const REQUEST_TIMEOUT_SPEC = { env: "REQUEST_TIMEOUT_MS", default: 30_000, min: 100, max: 300_000 } as const;

/** Longer than the idle timeout of the usual load balancers (60 s), so that they hang up first. */
export const KEEP_ALIVE_SPEC = { env: "KEEP_ALIVE_MS", default: 72_000, min: 1_000, max: 3_600_000 } as const;

/** As long as load balancers take to notice that `/readyz` fails. */
export const DRAIN_SPEC = { env: "DRAIN_MS", default: 0, min: 0, max: 300_000 } as const;

/** A sweeper that works is some tenths of a second behind. */
export const SETTLE_LAG_SPEC = { env: "SETTLE_LAG_MAX_MS", default: 30_000, min: 1_000, max: DAY_MS } as const;

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
		requestTimeoutMs: reader.integer(REQUEST_TIMEOUT_SPEC),
		answerTimeoutMs: reader.integer(ANSWER_TIMEOUT_SPEC),
		keepAliveMs: reader.integer(KEEP_ALIVE_SPEC),
		drainMs: reader.integer(DRAIN_SPEC),
		settleLagMaxMs: reader.integer(SETTLE_LAG_SPEC),
		inFlightMax: reader.integer(IN_FLIGHT_SPEC),
		rates: readRates(reader),
		corsOrigins: reader.list("CORS_ORIGINS", { isValid: isOrigin, what: "an origin such as https://shop.example" }),
		trustProxy: reader.list("TRUST_PROXY", { isValid: isProxy, what: "an address, a subnet, or loopback, linklocal or uniquelocal" }),
		limits: {
			holdTtlMs: reader.integer(LIMIT_SPECS.holdTtlMs),
			holdExtensionMs: reader.integer(LIMIT_SPECS.holdExtensionMs),
			holdLifeMaxMs: reader.integer(LIMIT_SPECS.holdLifeMaxMs),
			seatsPerBookingMax: reader.integer(LIMIT_SPECS.seatsPerBookingMax),
			seatsPerUserMax: reader.integer(LIMIT_SPECS.seatsPerUserMax),
			liveHoldsPerUserMax: reader.integer(LIMIT_SPECS.liveHoldsPerUserMax),
			holdsPerHourMax: reader.integer(LIMIT_SPECS.holdsPerHourMax),
			outboxMax: reader.integer(LIMIT_SPECS.outboxMax),
			buckets: reader.integer(LIMIT_SPECS.buckets),
			settleBatchMax: reader.integer(LIMIT_SPECS.settleBatchMax),
		},
		watchLimits: {
			watchersMax: reader.integer(WATCH_LIMIT_SPECS.watchersMax),
			watchersPerShowtimeMax: reader.integer(WATCH_LIMIT_SPECS.watchersPerShowtimeMax),
			watchersPerAddressMax: reader.optionalInteger(WATCHERS_PER_ADDRESS_SPEC),
		},
		durability: readDurabilitySettings(reader),
	}));
}

/** Exactly as a browser sends it: scheme, host and port, in lower case, and nothing behind. `*` is none. */
function isOrigin(text: string): boolean {
	return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

const PROXY_NAMES = ["loopback", "linklocal", "uniquelocal"];

/** A number of hops is not taken: whoever reaches the API directly can write as many hops as are counted. */
function isProxy(text: string): boolean {
	const [address = "", prefix] = text.split("/");
	const family = isIP(address);
	if (family === 0) return PROXY_NAMES.includes(text);
	if (prefix === undefined) return true;
	// A prefix of 0 would trust everybody.
	return /^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}
