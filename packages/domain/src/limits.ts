/**
 * Every limit of the booking rules, in one table. Each limit is an environment variable of the API and the sweeper. The defaults suit a
 * cinema; their source is docs/settings.md, "Limits".
 */
import { DAY_MS } from "./lifetimes.ts";

/** One limit: the environment variable that sets it, its default, its range (bounds included) and its meaning. */
export type LimitSpec = {
	readonly env: string;
	readonly default: number;
	readonly min: number;
	readonly max: number;
	readonly meaning: string;
};

/**
 * How many bookings the seat store keeps in a user's index of one bucket. Beyond that it drops the oldest; the ledger still has those
 * that were confirmed. `holdsPerHourMax` is counted in this index, so it cannot be larger.
 */
export const USER_INDEX_MAX = 200;

/** The table of limits. A name that ends in `Ms` is in milliseconds; the others are counts. */
export const LIMIT_SPECS = {
	holdTtlMs: { env: "HOLD_TTL_MS", default: 420_000, min: 1_000, max: 1_800_000, meaning: "how long a hold lasts" },
	holdExtensionMs: {
		env: "HOLD_EXTENSION_MS",
		default: 600_000,
		min: 1_000,
		max: 1_800_000,
		meaning: "how long a hold lasts after it is extended for its payment; once per hold",
	},
	holdLifeMaxMs: {
		env: "HOLD_LIFE_MAX_MS",
		default: 1_800_000,
		min: 1_000,
		max: 7_200_000,
		meaning: "how long a hold lasts at most, counted from when it was placed, even if it is extended",
	},
	seatsPerBookingMax: { env: "SEATS_PER_BOOKING_MAX", default: 10, min: 1, max: 10, meaning: "seats in one booking" },
	seatsPerUserMax: {
		env: "SEATS_PER_USER_MAX",
		default: 10,
		min: 1,
		max: 100,
		meaning: "seats that one user may hold and have bought at one showtime, together",
	},
	liveHoldsPerUserMax: {
		env: "LIVE_HOLDS_PER_USER_MAX",
		default: 3,
		min: 1,
		max: 100,
		meaning: "live holds that one user may have at one showtime",
	},
	holdsPerHourMax: {
		env: "HOLDS_PER_HOUR_MAX",
		default: 100,
		min: 1,
		max: USER_INDEX_MAX,
		meaning: "holds that one user may place in one bucket within any hour, ended holds included",
	},
	outboxMax: {
		env: "OUTBOX_MAX",
		default: 200_000,
		min: 1,
		max: 10_000_000,
		meaning: "entries in the outbox of one bucket from which on confirm and cancel answer `busy`",
	},
	buckets: {
		env: "BUCKETS",
		default: 16,
		min: 16,
		max: 64,
		meaning: "number of buckets; processes read, settle, reap and measure buckets 0 to `BUCKETS` - 1",
	},
	settleBatchMax: { env: "SETTLE_BATCH_MAX", default: 500, min: 1, max: 500, meaning: "outbox entries settled in one transaction" },
} as const satisfies Record<string, LimitSpec>;

/** A value for each limit of `LIMIT_SPECS`. */
export type Limits = { readonly [Name in keyof typeof LIMIT_SPECS]: number };

/** The limits when no environment variable is set. */
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

/** The buckets of a system: 0 to `BUCKETS` - 1. */
export const listBuckets = ({ buckets }: Pick<Limits, "buckets">): number[] => Array.from({ length: buckets }, (_, bucket) => bucket);

/**
 * How long free seats stay in quarantine after Redis is proven to have lost part of a bucket's history, in ms. There is no default,
 * because no value suits every operator: if the variable is not set, only `npm run seats:open` ends a quarantine.
 */
export const QUARANTINE_SPEC = { env: "QUARANTINE_MS", min: 0, max: 30 * DAY_MS } as const;

/** The age in ms of the oldest outbox entry above which settling counts as late. A working sweeper is some tenths of a second behind. */
export const SETTLE_LAG_SPEC = { env: "SETTLE_LAG_MAX_MS", default: 30_000, min: 1_000, max: DAY_MS } as const;

// The limits below are not settings: stored data depends on them.

/** Seats in one seat plan. */
export const SEATS_PER_PLAN_MAX = 50_000;
/** Rows in one seat plan. */
export const ROWS_PER_PLAN_MAX = 1_000;
/** Tiers in one seat plan. */
export const TIERS_PER_PLAN_MAX = 26;
/** Seats and gaps in one seat plan, together: a gap costs an answer almost as much as a seat. */
export const PLACES_PER_PLAN_MAX = 100_000;
/** Characters in a seat's label. */
export const SEAT_LABEL_MAX_CHARS = 8;
/** Characters in a row's label. */
export const ROW_LABEL_MAX_CHARS = 20;
/** Characters in the name of a section of seats. */
export const SECTION_MAX_CHARS = 40;
/** Characters in a tier's name. */
export const TIER_NAME_MAX_CHARS = 80;
/** What the id of a tier looks like, as a regular expression. Showtimes store their prices under it. */
export const TIER_ID_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$";
/** The largest `x` and `y` of a row, in seat widths, in both directions. */
export const ROW_POSITION_MAX = 10_000;
/** The largest `angle` of a row, in degrees, in both directions. */
export const ROW_ANGLE_MAX = 360;
/** Errors that are listed of each kind when a seat plan is rejected. All of them are counted. */
export const PLAN_ERRORS_PER_KIND_MAX = 100;
/** Characters in a name, number or id of an imported pretix plan. It is the limit of pretix itself. */
export const PRETIX_TEXT_MAX_CHARS = 190;
/** Zones, rows, seats and categories that are read of an imported pretix plan, and its kinds: twice what a large plan has. */
export const PRETIX_ENTRIES_MAX = 100_000;
/** The largest coordinate of an imported pretix plan, in both directions. */
export const PRETIX_COORDINATE_MAX = 1_000_000;
/** The highest price of a seat, in minor units. It is enough in every currency, and keeps a booking's total far below 2^53. */
export const PRICE_MAX = 999_999_999_999;
/** The highest price of a booking, in minor units: the most seats at `PRICE_MAX` each. */
export const BOOKING_AMOUNT_MAX = LIMIT_SPECS.seatsPerBookingMax.max * PRICE_MAX;
/** Seats that one command of staff blocks or unblocks. */
export const BLOCK_SEATS_MAX = 1_000;
/** Characters (code points) of a reason that staff give for a change. */
export const REASON_MAX_CHARS = 500;
/** Characters in the reference under which a refund was paid by hand. */
export const REFERENCE_MAX_CHARS = 200;
/** The last instant of a sales window or a schedule, epoch ms: the end of the year 9999, the last that ISO 8601 writes with four digits. */
export const INSTANT_MAX_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
/** What an `Idempotency-Key` looks like, as a regular expression. */
export const IDEMPOTENCY_KEY_PATTERN = "^[A-Za-z0-9_-]{1,64}$";
/** Characters in the name of a time zone. The longest of the IANA database has 32. */
export const TIME_ZONE_CHARS_MAX = 64;
/** Days that one schedule covers, its first and last day included. */
export const SCHEDULE_DAYS_MAX = 92;
/** Days that one request for statistics covers, its first and last day included. */
export const STATISTICS_DAYS_MAX = 92;
/** Showtimes that one request for bookings names. */
export const SHOWTIMES_IN_FILTER_MAX = 20;
/** Showtimes that one schedule plans. */
export const SCHEDULE_SHOWTIMES_MAX = 500;
/** Minutes that trailers and intervals add to a movie. */
export const EXTRA_MINUTES_MAX = 240;
/** Minutes that an auditorium is kept free after a showtime. */
export const CLEANING_MINUTES_MAX = 240;
/** Minutes that an auditorium is kept free after a showtime, unless the auditorium says otherwise. */
export const CLEANING_MINUTES_DEFAULT = 20;
