/**
 * Sets how many connections to Postgres each kind of work may use in one process. Each kind has its own pool, so slow queries or lock
 * waits of one kind cannot use up the connections of another. The table in docs/operations.md repeats these numbers, and a test
 * compares the two.
 */

/** The limits of one kind of work. */
export type ConnectionBudget = {
	/** The maximum number of connections. A connection is opened when it is needed and closed after a minute without use. */
	readonly connections: number;
	/** Selects the statement timeout from `STATEMENT_TIMEOUTS_MS`. `short`: a client waits for the answer. `long`: no client waits. */
	readonly patience: "short" | "long";
	/** Postgres cancels a statement that has waited this long for a lock (55P03). Null: only the statement timeout ends the wait. */
	readonly lockTimeoutMs: number | null;
};

/** Postgres cancels a statement after this long. `long` has room for a slow, busy disk, where a batch of 500 bookings took over 2 s. */
export const STATEMENT_TIMEOUTS_MS = { short: 2_000, long: 15_000 } as const;

/** The budgets of one process. A process uses only the kinds that it needs: the API never settles, and the sweeper handles no sign-ins. */
export const CONNECTION_BUDGETS = {
	/** Sign-in, sessions and users. The lock timeout keeps requests for one locked user from occupying every connection. */
	accounts: { connections: 3, patience: "short", lockTimeoutMs: 1_000 },
	/** Reads of users' own bookings, and of the seat plans of these bookings. */
	bookings: { connections: 2, patience: "short", lockTimeoutMs: null },
	/** Public reads of movies, showtimes and seat plans. */
	catalogue: { connections: 3, patience: "short", lockTimeoutMs: null },
	/** The read of a showtime's row before the showtime is opened in the seat store. */
	opening: { connections: 1, patience: "short", lockTimeoutMs: null },
	/** What staff read and change through the admin routes. The lock timeout ends the wait for a colleague's change of the same row. */
	administration: { connections: 3, patience: "short", lockTimeoutMs: 1_000 },
	/** Health checks, the sweeper's periodic work beside settling, and command-line tools. */
	upkeep: { connections: 1, patience: "short", lockTimeoutMs: 500 },
	/**
	 * Settling outboxes; the sweeper settles four buckets at once. Settling locks showtimes and users without waiting, so the lock
	 * timeout is a last resort.
	 */
	settling: { connections: 4, patience: "long", lockTimeoutMs: 100 },
	/** The transactions of rebuilds. The lock timeout is long enough for a batch that has just locked the showtime to commit. */
	rebuilding: { connections: 4, patience: "long", lockTimeoutMs: 500 },
} as const satisfies Readonly<Record<string, ConnectionBudget>>;

/** A kind of work, named after its budget. */
export type DatabaseWork = keyof typeof CONNECTION_BUDGETS;

/** The maximum number of calls that wait or run per connection of `poolMax`, for each kind of work. One more call fails at once. */
export const CALLS_PER_CONNECTION_MAX = 50;
