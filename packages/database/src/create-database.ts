/**
 * The one handle on Postgres that a process has: a pool for each kind of work, and a deadline on everything asked of them.
 * A dead, stopped or restarting Postgres makes calls fail within the deadline; it never hangs them and never ends the
 * process, and the next call after its return works again.
 */
import { createSingleFlight } from "@holdfast/runtime";
import { CALLS_PER_CONNECTION_MAX, CONNECTION_BUDGETS, type DatabaseWork, STATEMENT_TIMEOUTS_MS } from "./connection-budgets.ts";
import { type Lane, openLane } from "./open-lane.ts";

export type { Queries, ReadQueries } from "./queries.ts";

/** The key of a handle's lanes. The package does not export it, so no other room can reach them; `run-queries.ts` is the way to them in this one. */
export const LANES: unique symbol = Symbol("lanes");

/** Other rooms can ping and close a handle, and pass it to the functions of this one. */
export type Database = {
	readonly [LANES]: Readonly<Record<DatabaseWork, Lane>>;
	/** Answers or throws within the deadline. Calls at the same time share one query. */
	ping(): Promise<void>;
	/** Let what runs finish, at most `CLOSE_DEADLINE_S`, and close. Safe to call twice. */
	close(): Promise<void>;
};

export type DatabaseOptions = {
	readonly url: string;
	/** Connections of one kind of work at most, where its budget allows more; fifty calls each may wait for them. Default 10. */
	readonly poolMax?: number;
	/** What `pg_stat_activity` shows. */
	readonly applicationName?: string;
	/** Postgres gives up a statement that a client waits for after this long; a call fails half a second later at the latest. Default 2,000. */
	readonly statementTimeoutMs?: number;
	/** The same for settling and rebuilding, which no client waits for. Default 15,000. */
	readonly longStatementTimeoutMs?: number;
};

const POOL_MAX = 10;

/** Connect lazily: nothing is opened before the first call. */
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
		upkeep: open("upkeep"),
		settling: open("settling"),
		rebuilding: open("rebuilding"),
	};
	const pings = createSingleFlight<"ping", unknown>();
	return {
		[LANES]: lanes,
		async ping() {
			await pings.run("ping", () => lanes.upkeep.run((on) => on.execute("select 1")));
		},
		async close() {
			await Promise.all(Object.values(lanes).map((lane) => lane.close()));
		},
	};
}
