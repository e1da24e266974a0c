/**
 * How many connections to Postgres each kind of work may use in one process. Each kind has a pool of its own, so a kind
 * whose queries are slow or wait for a lock cannot take the connections of another. The table in docs/operations.md
 * repeats these numbers; a test compares the two.
 */

export type ConnectionBudget = {
	/** Connections at most. They are made when they are needed and closed after a minute without use. */
	readonly connections: number;
	/** `short`: a client waits for the answer. `long`: no client waits for it. See `STATEMENT_TIMEOUTS_MS`. */
	readonly patience: "short" | "long";
	/** Postgres gives up a statement that has waited this long for a lock (55P03). Null: only the statement timeout ends the wait. */
	readonly lockTimeoutMs: number | null;
};

/** Postgres gives up a statement after this long. On a slow, busy disk a batch of 500 bookings took over 2 s. */
export const STATEMENT_TIMEOUTS_MS = { short: 2_000, long: 15_000 } as const;

/** The budgets of one process. A process uses only the kinds that it needs: the API settles nothing, the sweeper signs nobody in. */
export const CONNECTION_BUDGETS = {
	/** Sign-in, sessions, users. The lock timeout keeps requests for one locked user from occupying every connection. */
	accounts: { connections: 3, patience: "short", lockTimeoutMs: 1_000 },
	/** Reads of users' own bookings, and the seat plans that these bookings name. */
	bookings: { connections: 2, patience: "short", lockTimeoutMs: null },
	/** Movies, showtimes and seat plans, as the public reads them. */
	catalogue: { connections: 3, patience: "short", lockTimeoutMs: null },
	/** The look at a showtime's row before it is opened in the seat store. */
	opening: { connections: 1, patience: "short", lockTimeoutMs: null },
	/** Health checks, the sweeper's periodic work beside settling, and command-line tools. */
	upkeep: { connections: 1, patience: "short", lockTimeoutMs: 500 },
	/** Settling outboxes; the sweeper settles four buckets at once. Showtimes and users are locked without waiting, so the lock timeout is a last resort. */
	settling: { connections: 4, patience: "long", lockTimeoutMs: 100 },
	/** The transactions of rebuilds. Long enough for the batch that has just locked the showtime to commit. */
	rebuilding: { connections: 4, patience: "long", lockTimeoutMs: 500 },
} as const satisfies Readonly<Record<string, ConnectionBudget>>;

/** A kind of work, by the name of its budget. */
export type DatabaseWork = keyof typeof CONNECTION_BUDGETS;

/** Calls that may wait or run per connection of `poolMax`, for each kind of work. One more fails at once. */
export const CALLS_PER_CONNECTION_MAX = 50;
