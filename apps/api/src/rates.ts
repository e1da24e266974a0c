/**
 * How often somebody may ask: every limit on requests, in one table. Each is a setting of the API. How much one person may
 * hold is another matter: those limits are the domain's.
 */
import type { LimitSpec } from "@holdfast/domain";
import type { SettingsReader } from "@holdfast/runtime";

export const RATE_SPECS = {
	authPerAddress: {
		env: "AUTH_PER_ADDRESS",
		default: 60,
		min: 1,
		max: 1_000_000,
		meaning: "requests to register, sign in or refresh from one address in a minute, counted for all processes together",
	},
	authPerAccount: {
		env: "AUTH_PER_ACCOUNT",
		default: 10,
		min: 1,
		max: 1_000_000,
		meaning: "attempts to register or sign in with one e-mail in a minute, whether or not it has an account, counted likewise",
	},
	userRate: {
		env: "USER_RATE",
		default: 5,
		min: 1,
		max: 1_000_000,
		meaning: "requests of one user to /bookings a second, for as long as it may be, and as many to /auth/me and /auth/logout; per process",
	},
	userBurst: { env: "USER_BURST", default: 100, min: 1, max: 1_000_000, meaning: "how many of them may come at once" },
} as const satisfies Record<string, LimitSpec>;

/**
 * Requests to /bookings from one address in a minute, per process. Unset: no limit. A hall full of people behind one
 * address buys tickets, too.
 */
export const IP_LIMIT_SPEC = { env: "IP_LIMIT", min: 1, max: 1_000_000 } as const;

export type Rates = { readonly [Name in keyof typeof RATE_SPECS]: number } & { readonly ipLimit: number | null };

/** The rates as they stand with nothing set. */
export const DEFAULT_RATES: Rates = {
	authPerAddress: RATE_SPECS.authPerAddress.default,
	authPerAccount: RATE_SPECS.authPerAccount.default,
	userRate: RATE_SPECS.userRate.default,
	userBurst: RATE_SPECS.userBurst.default,
	ipLimit: null,
};

export function readRates(reader: SettingsReader): Rates {
	return {
		authPerAddress: reader.integer(RATE_SPECS.authPerAddress),
		authPerAccount: reader.integer(RATE_SPECS.authPerAccount),
		userRate: reader.integer(RATE_SPECS.userRate),
		userBurst: reader.integer(RATE_SPECS.userBurst),
		ipLimit: reader.optionalInteger(IP_LIMIT_SPEC),
	};
}
