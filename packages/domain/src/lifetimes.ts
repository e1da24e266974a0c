/**
 * How long Redis keeps the keys that the seat store writes. The scripts receive these values as arguments; docs/data.md lists the
 * lifetime of each key. Times that an operator can set, such as the length of a hold, are in limits.ts.
 */

/** One minute in milliseconds. */
export const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** One day in milliseconds. */
export const DAY_MS = 24 * HOUR_MS;

/** How long the seat store keeps a booking that the ledger has too: one that was recorded, loaded back, or lost a conflict. */
export const RECORD_TTL_MS = 1 * DAY_MS;

/**
 * How long after the hold's `expiresAt` its record stays readable and its idempotency key returns it. An extension moves `expiresAt`; a
 * release does not. The OpenAPI document promises this hour to clients.
 */
export const ENDED_HOLD_TTL_MS = HOUR_MS;

/** How long the seat store keeps a user's index of one bucket after the user's last booking in the bucket. */
export const USER_INDEX_TTL_MS = 30 * DAY_MS;

/** How long the keys `owner`, `map`, `expiry` and `buyers` are kept after the end of their showtime. */
export const SEATS_TTL_MS = 2 * DAY_MS;

/** How long the key `meta` is kept after the end of its showtime. It expires first: a showtime without `meta` is closed. */
export const META_TTL_MS = 1 * DAY_MS;

/**
 * How long after its end a showtime can be cancelled. Not longer than its `meta` is kept: a showtime without `meta` cannot be changed.
 */
export const CANCEL_TTL_MS = META_TTL_MS;

/** How long a rebuild may pause between two steps before another process may take over its claim. Source: docs/reliability.md. */
export const CLAIM_TTL_MS = 5_000;

/** How long Redis keeps staged keys, and a `meta` that contains only a claim, after the process that rebuilds has died. */
export const STAGED_TTL_MS = 1 * MINUTE_MS;
