/**
 * A lane: the connections of one kind of work, with its own limits on statements, locks and waiting calls. It also replaces its pool of
 * postgres.js connections after a loss, which works around a defect of that driver (`replace`).
 */
import { withDeadline } from "@holdfast/runtime";
import { DrizzleQueryError } from "drizzle-orm/errors";
import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { ARRAY_TYPES } from "./array-types.ts";
import { isConnectionLost, isReadOnlyRefusal } from "./classify-error.ts";
import { guardTransactions } from "./guard-transactions.ts";
import type { Queries } from "./queries.ts";
import { openWatchedSocket } from "./watch-socket.ts";

export type LaneOptions = {
	readonly url: string;
	readonly applicationName: string;
	readonly connectionsMax: number;
	/** Calls waiting or running at most; one more fails at once. */
	readonly callsMax: number;
	/** Postgres gives up a statement after this long; a silent connection is given up half a second later. */
	readonly statementTimeoutMs: number;
	/** Postgres gives up a statement that has waited this long for a lock; null: the statement timeout is the only bound. */
	readonly lockTimeoutMs: number | null;
};

export type Lane = {
	/** Returns the result of `work`. Throws what the query threw, or `DatabaseOverload` (nothing was sent), or `DatabaseTimeout`. */
	run<Result>(work: (queries: Queries) => Promise<Result>, deadlineMs?: number): Promise<Result>;
	close(): Promise<void>;
};

/** A connection is made within this time or not at all. */
const CONNECT_TIMEOUT_S = 2;
/** A lost connection is tried again this often. The driver's own pace grows to 20 s, and a call waits for it. */
const RECONNECT_PAUSE_S = 0.1;
/** A connection nobody used for this long is closed. */
const IDLE_TIMEOUT_S = 60;
/** Postgres ends a transaction whose client fell silent: it holds locks that others wait for. */
const IDLE_IN_TRANSACTION_MS = 5_000;
/** What the network may take on top of a statement. */
const ANSWER_GRACE_MS = 500;
const CLOSE_DEADLINE_S = 3;
/** Read-only sessions are left for new ones at most this often. */
const LEAVE_READ_ONLY_EVERY_MS = 1_000;

/** Connect lazily: nothing is opened before the first call. A call without a deadline of its own has that of one statement. */
export function openLane(options: LaneOptions): Lane {
	const answerMaxMs = options.statementTimeoutMs + ANSWER_GRACE_MS;
	const { callsMax } = options;
	let pool = openPool(options, answerMaxMs);
	let calls = 0;
	let leftReadOnlyMs = Number.NEGATIVE_INFINITY;

	/**
	 * Leaves a pool that lost a connection during a statement. The defect of postgres.js 3.4.9: it keeps the error that the server sent
	 * last on that connection, and fails the first call after the reconnect with it. Calls that still run may finish.
	 */
	function replace(lost: Pool): void {
		if (lost !== pool) return;
		pool = openPool(options, answerMaxMs);
		void lost.client.end({ timeout: CLOSE_DEADLINE_S });
	}

	/** A session keeps the setting that it began with, and its server: only a new one can be writable when this one was not. */
	function leaveReadOnly(used: Pool): void {
		if (used !== pool || performance.now() - leftReadOnlyMs < LEAVE_READ_ONLY_EVERY_MS) return;
		leftReadOnlyMs = performance.now();
		replace(used);
	}

	async function attempt<Result>(work: (queries: Queries) => Promise<Result>): Promise<Result> {
		const used = pool;
		calls += 1;
		try {
			return await work(used.queries);
		} catch (error) {
			if (isConnectionLost(error)) replace(used);
			if (isReadOnlyRefusal(error)) leaveReadOnly(used);
			throw withoutParameters(error);
		} finally {
			// Counted until the work itself ends, not the wait for it: a stalled Postgres must not collect work without bound.
			calls -= 1;
		}
	}

	return {
		async run(work, deadlineMs = answerMaxMs) {
			if (calls >= callsMax) throw new DatabaseOverload(callsMax);
			return withDeadline(attempt(work), deadlineMs, () => {
				throw new DatabaseTimeout(deadlineMs);
			});
		},
		async close() {
			await pool.client.end({ timeout: CLOSE_DEADLINE_S });
		},
	};
}

type Pool = ReturnType<typeof openPool>;

function openPool({ url, connectionsMax, applicationName, statementTimeoutMs, lockTimeoutMs }: LaneOptions, silenceMaxMs: number) {
	const driverOptions = {
		max: connectionsMax,
		connect_timeout: CONNECT_TIMEOUT_S,
		idle_timeout: IDLE_TIMEOUT_S,
		backoff: () => RECONNECT_PAUSE_S,
		onnotice: () => {},
		fetch_types: false,
		types: ARRAY_TYPES,
		connection: {
			application_name: applicationName,
			statement_timeout: statementTimeoutMs,
			// For Postgres 0 is no bound.
			lock_timeout: lockTimeoutMs ?? 0,
			idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
			// Settling and opening lock first and read after: under a stricter level they would read the past.
			default_transaction_isolation: "read committed" as const,
		},
		socket: ({ host, port, path }: { host: string[]; port: number[]; path: string | false }) =>
			openWatchedSocket(path ? { path } : { host: host[0] ?? "127.0.0.1", port: port[0] ?? 5432 }, silenceMaxMs),
	};
	const client = postgres(url, driverOptions);
	return { client, queries: guardTransactions(drizzle(client)) };
}

/** What the driver threw. The query builder's wrapper has the parameters in its message, and a password hash must not reach a log. */
function withoutParameters(error: unknown): unknown {
	return error instanceof DrizzleQueryError && error.cause ? error.cause : error;
}

/** The deadline passed. Whether a write happened is not known. */
export class DatabaseTimeout extends Error {
	override readonly name = "DatabaseTimeout";
	readonly code = "DATABASE_TIMEOUT";
	constructor(deadlineMs: number) {
		super(`postgres did not answer within ${deadlineMs} ms`);
	}
}

/** Too many calls wait already; nothing was sent. */
export class DatabaseOverload extends Error {
	override readonly name = "DatabaseOverload";
	readonly code = "DATABASE_OVERLOAD";
	constructor(callsMax: number) {
		super(`${callsMax} calls on postgres are waiting already`);
	}
}
