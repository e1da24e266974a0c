/** The API's settings, read from the environment once, when the process starts. */
import { isIP } from "node:net";
import { LIMIT_SPECS, type Limits, QUARANTINE_SPEC, SETTLE_LAG_SPEC } from "@holdfast/domain";
import { ANSWER_TIMEOUT_SPEC, type Environment, readSettings, WORKERS_SPEC } from "@holdfast/runtime";
import { type DurabilityOptions, readDurabilitySettings } from "@holdfast/seat-store";
import { type Rates, readRates } from "./rates.ts";
import { WATCH_LIMIT_SPECS, WATCHERS_PER_ADDRESS_SPEC, type WatchLimits } from "./showtimes/watch-limits.ts";

/** All settings of one API process. */
export type ApiSettings = {
	readonly databaseUrl: string;
	readonly redisUrl: string;
	/** Signs access tokens (HS256); at least 32 characters, no default. */
	readonly jwtSecret: string;
	readonly host: string;
	readonly port: number;
	readonly logLevel: string;
	/** What a confirm waits for before it is acknowledged, and whether a Redis that can lose confirmed bookings is accepted. */
	readonly durability: DurabilityOptions;
	/** Number of worker processes. */
	readonly workers: number;
	/** Limits of seats, holds and bookings. */
	readonly limits: Limits;
	/** Time that a client has to send a whole request, ms. A slower request is refused. */
	readonly requestTimeoutMs: number;
	/** A connection is dropped when its client reads nothing of a pending response for this long, ms. */
	readonly answerTimeoutMs: number;
	/** How long an idle HTTP connection is kept open, ms. Event streams are not idle. */
	readonly keepAliveMs: number;
	/** How long the API keeps serving after SIGTERM before it stops listening, ms. `/readyz` answers 503 in the meantime. */
	readonly drainMs: number;
	/** Health is `degraded` when the oldest event that the ledger does not have yet is older than this, ms. */
	readonly settleLagMaxMs: number;
	/** Maximum number of requests in flight in one process. A further request is answered `overloaded`. */
	readonly inFlightMax: number;
	/** Request rate limits. */
	readonly rates: Rates;
	/** Origins whose pages may read responses. Empty: only pages of the API's own origin may. */
	readonly corsOrigins: readonly string[];
	/** Proxies whose `X-Forwarded-For` header is trusted: addresses, subnets, or names such as `loopback`. Empty: no proxy is trusted. */
	readonly trustProxy: readonly string[];
	/** How long free seats are quarantined after a proven data loss, ms. Null: until an operator opens them. */
	readonly quarantineMs: number | null;
	/** Maximum numbers of seat watchers in one process. */
	readonly watchLimits: WatchLimits;
};

/** RFC 7518 section 3.2: an HS256 key has at least as many bits as the hash. */
const JWT_SECRET_MIN_CHARS = 32;

/**
 * The default is above the load spike that this service is built for: twenty thousand requests at the same moment, all of
 * which may reach one process. A request in flight costs some 10 KB.
 */
export const IN_FLIGHT_SPEC = { env: "IN_FLIGHT_MAX", default: 25_000, min: 1, max: 1_000_000 } as const;

/** A client that sends one byte now and then occupies a connection and its memory for this long. A normal request is one packet. */
export const REQUEST_TIMEOUT_SPEC = { env: "REQUEST_TIMEOUT_MS", default: 30_000, min: 100, max: 300_000 } as const;

/** Longer than the idle timeout of common load balancers (60 s), so that the load balancer closes the connection first. */
export const KEEP_ALIVE_SPEC = { env: "KEEP_ALIVE_MS", default: 72_000, min: 1_000, max: 3_600_000 } as const;

/** Should be the time that the load balancer needs to notice a failing `/readyz`. */
export const DRAIN_SPEC = { env: "DRAIN_MS", default: 0, min: 0, max: 300_000 } as const;

/** Returns the validated settings. Throws `SettingsError`, which names every invalid setting at once. */
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

/** True for an origin exactly as a browser sends it: scheme, host and port in lower case, without a path. `*` is not accepted. */
function isOrigin(text: string): boolean {
	return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

const PROXY_NAMES = ["loopback", "linklocal", "uniquelocal"];

/** A number of hops is not accepted: a client that reaches the API directly can forge as many hops as are trusted. */
function isProxy(text: string): boolean {
	const [address = "", prefix] = text.split("/");
	const family = isIP(address);
	if (family === 0) return PROXY_NAMES.includes(text);
	if (prefix === undefined) return true;
	// A prefix of 0 would trust every address.
	return /^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}
