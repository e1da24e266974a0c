/**
 * Every limit of the booking rules, in one table. Each is an environment setting of the API and the sweeper;
 * the default is what a cinema would want. Source of the defaults: docs/settings.md, "Limits".
 */
import { DAY_MS } from "./lifetimes.ts";

/** One limit: the environment variable that sets it, its default and the range it may be set to. */
export type LimitSpec = {
	readonly env: string;
	readonly default: number;
	readonly min: number;
	readonly max: number;
	readonly meaning: string;
};

/**
 * Bookings that the seat store keeps in one user's index of one bucket; it drops the oldest beyond that. The ledger has those.
 * `holdsPerHourMax` is counted in this index, so it can be no larger.
 */
export const USER_INDEX_MAX = 200;

export const LIMIT_SPECS = {
	holdTtlMs: { env: "HOLD_TTL_MS", default: 420_000, min: 1_000, max: 1_800_000, meaning: "how long a hold lasts" },
	holdExtensionMs: {
		env: "HOLD_EXTENSION_MS",
		default: 600_000,
		min: 1_000,
		max: 1_800_000,
		meaning: "how long a hold lasts from the moment its payment begins; once per hold",
	},
	holdLifeMaxMs: {
		env: "HOLD_LIFE_MAX_MS",
		default: 1_800_000,
		min: 1_000,
		max: 7_200_000,
		meaning: "how long after it was placed a hold ends for good, extended or not",
	},
	seatsPerBookingMax: { env: "SEATS_PER_BOOKING_MAX", default: 10, min: 1, max: 10, meaning: "seats in one booking" },
	seatsPerUserMax: {
		env: "SEATS_PER_USER_MAX",
		default: 10,
		min: 1,
		max: 100,
		meaning: "seats one user may hold or have bought at one showtime",
	},
	liveHoldsPerUserMax: {
		env: "LIVE_HOLDS_PER_USER_MAX",
		default: 3,
		min: 1,
		max: 100,
		meaning: "holds one user may have at one showtime at the same time",
	},
	holdsPerHourMax: {
		env: "HOLDS_PER_HOUR_MAX",
		default: 100,
		min: 1,
		max: USER_INDEX_MAX,
		meaning: "holds one user may place in one bucket within any hour, whatever becomes of them",
	},
	outboxMax: {
		env: "OUTBOX_MAX",
		default: 200_000,
		min: 1,
		max: 10_000_000,
		meaning: "entries in the outbox of one bucket before confirm and cancel answer `busy`",
	},
	buckets: {
		env: "BUCKETS",
		default: 16,
		min: 16,
		max: 64,
		meaning: "buckets that new showtimes are drawn from, and that are settled, reaped, listed and measured",
	},
	settleBatchMax: { env: "SETTLE_BATCH_MAX", default: 500, min: 1, max: 500, meaning: "outbox entries settled in one transaction" },
} as const satisfies Record<string, LimitSpec>;

export type Limits = { readonly [Name in keyof typeof LIMIT_SPECS]: number };

/** The limits as they stand with nothing set. */
export const DEFAULT_LIMITS: Limits = {
	holdTtlMs: LIMIT_SPECS.holdTtlMs.default,
	holdExtensionMs: LIMIT_SPECS.holdExtensionMs.default,
	holdLifeMaxMs: LIMIT_SPECS.holdLifeMaxMs.default,
	seatsPerBookingMax: LIMIT_SPECS.seatsPerBookingMax.default,
	seatsPerUserMax: LIMIT_SPECS.seatsPerUserMax.default,
	liveHoldsPerUserMax: LIMIT_SPECS.liveHoldsPerUserMax.default,
	holdsPerHourMax: LIMIT_SPECS.holdsPerHourMax.default,
	outboxMax: LIMIT_SPECS.outboxMax.default,
	buckets: LIMIT_SPECS.buckets.default,
	settleBatchMax: LIMIT_SPECS.settleBatchMax.default,
};

/** The buckets of a system, from 0 on. */
export const listBuckets = ({ buckets }: Pick<Limits, "buckets">): number[] => Array.from({ length: buckets }, (_, bucket) => bucket);

/**
 * How long free seats are kept back once Redis is proven to have forgotten part of a bucket's history. Nothing is right
 * for everybody, so there is no default: unset, only `npm run seats:open` ends it.
 */
export const QUARANTINE_SPEC = { env: "QUARANTINE_MS", min: 0, max: 30 * DAY_MS } as const;

/** Bounds that ids, texts and plans must keep, fixed because stored data depends on them. */
export const SEATS_PER_PLAN_MAX = 50_000;
export const ROWS_PER_PLAN_MAX = 1_000;
export const TIERS_PER_PLAN_MAX = 26;
export const SEAT_LABEL_MAX_CHARS = 8;
/** The most a seat may cost, in minor units: no currency charges more for one, and a booking's total stays far below 2^53. */
export const PRICE_MAX = 999_999_999_999;
/** The most a booking may cost, in minor units: its seats at `PRICE_MAX` each. */
export const BOOKING_AMOUNT_MAX = LIMIT_SPECS.seatsPerBookingMax.max * PRICE_MAX;
export const IDEMPOTENCY_KEY_PATTERN = "^[A-Za-z0-9_-]{1,64}$";
