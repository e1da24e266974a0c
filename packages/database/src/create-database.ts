/**
 * Creates a process's handle on Postgres: one connection pool per kind of work, and a deadline for every call. While Postgres is stopped,
 * stalled or restarting, calls fail within the deadline. They never hang and never end the process. Once Postgres is back, the next call
 * succeeds.
 */
import { createSingleFlight } from "@holdfast/runtime";
import { CALLS_PER_CONNECTION_MAX, CONNECTION_BUDGETS, type DatabaseWork, STATEMENT_TIMEOUTS_MS } from "./connection-budgets.ts";
import { type Lane, openLane } from "./open-lane.ts";

export type { Queries, ReadQueries } from "./queries.ts";

/**
 * The key of a handle's lanes. The package does not export this key, so code outside the package cannot reach the lanes. Code inside the
 * package goes through `run-queries.ts`.
 */
export const LANES: unique symbol = Symbol("lanes");

/** A handle on Postgres. Other packages can ping it, close it, and pass it to the functions of this package. */
export type Database = {
	readonly [LANES]: Readonly<Record<DatabaseWork, Lane>>;
	/** Resolves once Postgres has answered; throws within the deadline otherwise. Concurrent calls share one query. */
	ping(): Promise<void>;
	/** Waits at most `CLOSE_DEADLINE_S` for running calls, then closes all connections. Safe to call twice. */
	close(): Promise<void>;
};

/** The options of `createDatabase`. */
export type DatabaseOptions = {
	readonly url: string;
	/** Caps the connections of each kind of work below its budget. Fifty calls may wait or run per connection. Default 10. */
	readonly poolMax?: number;
	/** The name that `pg_stat_activity` shows. Default `holdfast`. */
	readonly applicationName?: string;
	/** Statement timeout of work that a client waits for. A call fails at most half a second later. Default 2,000. */
	readonly statementTimeoutMs?: number;
	/** Statement timeout of settling and rebuilding, which no client waits for. Default 15,000. */
	readonly longStatementTimeoutMs?: number;
};

const POOL_MAX = 10;

/** Returns a handle without connecting: each connection is opened by the first call that needs it. Close the handle when done. */
export function createDatabase(options: DatabaseOptions): Database {
	const { url, poolMax = POOL_MAX, applicationName = "holdfast" } = options;
	const { statementTimeoutMs = STATEMENT_TIMEOUTS_MS.short, longStatementTimeoutMs = STATEMENT_TIMEOUTS_MS.long } = options;
	const open = (kind: DatabaseWork): Lane => {
		const { connections, patience, lockTimeoutMs } = CONNECTION_BUDGETS[kind];
		return openLane({
			url,
			applicationName,
			connectionsMax: Math.min(connections, poolMax),
			callsMax: poolMax * CALLS_PER_CONNECTION_MAX,
			statementTimeoutMs: patience === "short" ? statementTimeoutMs : longStatementTimeoutMs,
			lockTimeoutMs,
		});
	};
	const lanes: Database[typeof LANES] = {
		accounts: open("accounts"),
		bookings: open("bookings"),
		catalogue: open("catalogue"),
		opening: open("opening"),
		administration: open("administration"),
		upkeep: open("upkeep"),
		settling: open("settling"),
		rebuilding: open("rebuilding"),
	};
	const pings = createSingleFlight<"ping", unknown>();
	return {
		[LANES]: lanes,
		async ping() {
			await pings.run("ping", () => lanes.upkeep.run((queries) => queries.execute("select 1")));
		},
		async close() {
			await Promise.all(Object.values(lanes).map((lane) => lane.close()));
		},
	};
}
