/**
 * How long Redis keeps what the seat store writes, in one table. The scripts take these as arguments; docs/data.md says for
 * each key which of them it has. What a rule lets an operator choose, such as how long a hold lasts, is in limits.ts.
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** How long the seat store keeps a booking that the ledger has: one that was recorded, loaded back or lost a conflict. */
export const RECORD_TTL_MS = 1 * DAY_MS;

/**
 * How long after a hold's end its record stays readable and its idempotency key replays it. Placing sets that end, an
 * extension moves it, and a release leaves it where it is. The OpenAPI document promises this hour to clients.
 */
export const ENDED_HOLD_TTL_MS = HOUR_MS;

/** How long after its last booking the seat store keeps a user's index of one bucket. */
export const USER_INDEX_TTL_MS = 30 * DAY_MS;

/** How long after the showtime's end its `owner`, `map`, `expiry` and `buyers` are kept. */
export const SEATS_TTL_MS = 2 * DAY_MS;

/** The same for its `meta`: a day less, since an absent `meta` means that the showtime is closed. */
export const META_TTL_MS = 1 * DAY_MS;

/** How long a rebuild may go without a step before another process may take it over. Source: docs/reliability.md. */
export const CLAIM_TTL_MS = 5_000;

/** How long staged keys, and a `meta` that is nothing but a claim, outlive a rebuilder that died. */
export const STAGED_TTL_MS = MINUTE_MS;
