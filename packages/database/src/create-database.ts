/**
 * The one handle on Postgres that a process has: two pools, and a deadline on everything asked of them. A dead, stopped
 * or restarting Postgres makes calls fail within the deadline; it never hangs them and never ends the process, and
 * the next call after its return works again.
 */
import type { SeatPlanId } from "@holdfast/domain";
import { openLane } from "./open-lane.ts";
import type { Queries } from "./queries.ts";

export type { Queries } from "./queries.ts";

export type Database = {
	/**
	 * Run `work` within the deadline (or one of its own, when it is many statements). Throws what the query threw, or
	 * `DatabaseOverload` (nothing was sent), or `DatabaseTimeout` (a write may or may not have happened). Used inside
	 * this package only.
	 */
	run<Result>(work: (queries: Queries) => Promise<Result>, ownDeadlineMs?: number): Promise<Result>;
	/**
	 * The same for work that no person waits for, on connections of its own: each statement may take
	 * `longStatementTimeoutMs`. Used inside this package only.
	 */
	runLong<Result>(work: (queries: Queries) => Promise<Result>, deadlineMs: number): Promise<Result>;
	/** Seat labels of plans met before, by seat index. Plans are immutable, so an entry is never wrong; bounded by `PLANS_KEPT_MAX`. */
	readonly labelsByPlan: Map<SeatPlanId, readonly string[]>;
	/** Answers or throws within the deadline. */
	ping(): Promise<void>;
	/** Let what runs finish, at most `CLOSE_DEADLINE_S`, and close. Safe to call twice. */
	close(): Promise<void>;
};

export type DatabaseOptions = {
	readonly url: string;
	/** Connections at most. Default 10. Settling and opening have up to `LONG_CONNECTIONS_MAX` more, made when they are needed. */
	readonly poolMax?: number;
	/** What `pg_stat_activity` shows. */
	readonly applicationName?: string;
	/** Postgres gives up a statement after this long; a call fails half a second later at the latest. Default 2,000. */
	readonly statementTimeoutMs?: number;
	/** The same for settling and opening, which nobody waits for. Default 15,000: on a slow, busy disk a batch of 500 took over 2 s. */
	readonly longStatementTimeoutMs?: number;
};

const POOL_MAX = 10;
/** As many showtimes as one process opens at once; of buckets it settles four. */
const LONG_CONNECTIONS_MAX = 8;
const STATEMENT_TIMEOUT_MS = 2_000;
const LONG_STATEMENT_TIMEOUT_MS = 15_000;

/** Connect lazily: nothing is opened before the first call. */
export function createDatabase(options: DatabaseOptions): Database {
	const { url, poolMax = POOL_MAX, applicationName = "holdfast" } = options;
	const { statementTimeoutMs = STATEMENT_TIMEOUT_MS, longStatementTimeoutMs = LONG_STATEMENT_TIMEOUT_MS } = options;
	const short = openLane({ url, applicationName, connectionsMax: poolMax, statementTimeoutMs });
	const connectionsMax = Math.min(poolMax, LONG_CONNECTIONS_MAX);
	const long = openLane({ url, applicationName, connectionsMax, statementTimeoutMs: longStatementTimeoutMs });
	return {
		run: short.run,
		runLong: long.run,
		labelsByPlan: new Map(),
		async ping() {
			await short.run((on) => on.execute("select 1"));
		},
		async close() {
			await Promise.all([short.close(), long.close()]);
		},
	};
}
