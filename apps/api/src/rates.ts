/**
 * All request rate limits of the API, in one table. Each limit is a setting. Limits on seats and holds are in the domain
 * package instead.
 */
import type { LimitSpec } from "@holdfast/domain";
import type { SettingsReader } from "@holdfast/runtime";

/** The setting, default and range of each rate limit. */
export const RATE_SPECS = {
	authPerAddress: {
		env: "AUTH_PER_ADDRESS",
		default: 60,
		min: 1,
		max: 1_000_000,
		meaning: "requests per minute from one address to register or sign in, counted across all processes",
	},
	// An app that is open refreshes every 15 minutes, so 300 a minute serve 4,500 of them behind one address, such as the Wi-Fi of a
	// cinema. A refresh token cannot be guessed: this limit bounds the cost only, one look-up by primary key for each invented token.
	refreshPerAddress: {
		env: "REFRESH_PER_ADDRESS",
		default: 300,
		min: 1,
		max: 1_000_000,
		meaning: "requests per minute from one address to refresh a session, counted across all processes",
	},
	authPerAccount: {
		env: "AUTH_PER_ACCOUNT",
		default: 10,
		min: 1,
		max: 1_000_000,
		meaning: "attempts per minute to register or sign in with one e-mail, with or without an account, counted across all processes",
	},
	userRate: {
		env: "USER_RATE",
		default: 5,
		min: 1,
		max: 1_000_000,
		meaning: "sustained requests per second of one user to /bookings, and as many again to /auth/me and /auth/logout, per process",
	},
	userBurst: {
		env: "USER_BURST",
		default: 100,
		min: 1,
		max: 1_000_000,
		meaning: "requests of one user that may arrive at once before USER_RATE applies, per process",
	},
} as const satisfies Record<string, LimitSpec>;

/**
 * Requests per minute to /bookings from one address, per process. Unset: no limit, because many real buyers can share one
 * address.
 */
export const IP_LIMIT_SPEC = { env: "IP_LIMIT", min: 1, max: 1_000_000 } as const;

/** The value of each rate limit. `ipLimit` null: no limit. */
export type Rates = { readonly [Name in keyof typeof RATE_SPECS]: number } & { readonly ipLimit: number | null };

/** The rates when no setting is given. */
export const DEFAULT_RATES: Rates = {
	authPerAddress: RATE_SPECS.authPerAddress.default,
	refreshPerAddress: RATE_SPECS.refreshPerAddress.default,
	authPerAccount: RATE_SPECS.authPerAccount.default,
	userRate: RATE_SPECS.userRate.default,
	userBurst: RATE_SPECS.userBurst.default,
	ipLimit: null,
};

/** Reads the rates from the settings. The reader collects invalid settings. */
export function readRates(reader: SettingsReader): Rates {
	return {
		authPerAddress: reader.integer(RATE_SPECS.authPerAddress),
		refreshPerAddress: reader.integer(RATE_SPECS.refreshPerAddress),
		authPerAccount: reader.integer(RATE_SPECS.authPerAccount),
		userRate: reader.integer(RATE_SPECS.userRate),
		userBurst: reader.integer(RATE_SPECS.userBurst),
		ipLimit: reader.optionalInteger(IP_LIMIT_SPEC),
	};
}
