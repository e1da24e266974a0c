/**
 * Opens a lane: the connections of one kind of work, with their own limits on statements, lock waits and waiting calls. A lane replaces its
 * pool of postgres.js connections after it loses one, which works around a defect of that driver (`replacePool`).
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

/** The limits of one lane. */
export type LaneOptions = {
	readonly url: string;
	readonly applicationName: string;
	readonly connectionsMax: number;
	/** The maximum number of waiting and running calls. One more call fails at once. */
	readonly callsMax: number;
	/** Postgres cancels a statement after this long. The lane closes a silent connection half a second later. */
	readonly statementTimeoutMs: number;
	/** Postgres cancels a statement that has waited this long for a lock. Null: only the statement timeout ends the wait. */
	readonly lockTimeoutMs: number | null;
};

/** The connections of one kind of work. */
export type Lane = {
	/** Returns the result of `work`. Throws the error of the query, `DatabaseOverload` (nothing was sent), or `DatabaseTimeout`. */
	run<Result>(work: (queries: Queries) => Promise<Result>, deadlineMs?: number): Promise<Result>;
	close(): Promise<void>;
};

/** An attempt to connect fails after this long. */
const CONNECT_TIMEOUT_S = 2;
/** The pause between attempts to reconnect. The driver's own back-off grows to 20 s, and calls would wait that long. */
const RECONNECT_PAUSE_S = 0.1;
/** A connection is closed after this long without use. */
const IDLE_TIMEOUT_S = 60;
/** Postgres ends a transaction whose client sends nothing for this long, because the transaction holds locks that others wait for. */
const IDLE_IN_TRANSACTION_MS = 5_000;
/** Extra time for the network, on top of the statement timeout. */
const ANSWER_GRACE_MS = 500;
const CLOSE_DEADLINE_S = 3;
/** Read-only sessions are replaced at most this often. */
const REPLACE_READ_ONLY_EVERY_MS = 1_000;

/**
 * Returns a lane without connecting: each connection is opened by the first call that needs it. A call without `deadlineMs` has the
 * statement timeout plus half a second.
 */
export function openLane(options: LaneOptions): Lane {
	const answerMaxMs = options.statementTimeoutMs + ANSWER_GRACE_MS;
	const { callsMax } = options;
	let pool = openPool(options, answerMaxMs);
	let calls = 0;
	let replacedReadOnlyMs = Number.NEGATIVE_INFINITY;

	/**
	 * Replaces a pool that lost a connection during a statement. This works around a defect of postgres.js 3.4.9: the driver keeps the last
	 * error that the server sent on that connection, and fails the first call after the reconnect with that error. Calls that still run on
	 * the old pool may finish.
	 */
	function replacePool(lost: Pool): void {
		if (lost !== pool) return;
		pool = openPool(options, answerMaxMs);
		void lost.client.end({ timeout: CLOSE_DEADLINE_S });
	}

	/**
	 * Replaces a pool whose sessions are read-only. A session keeps its server and its initial setting, so only a new one can be writable.
	 */
	function replaceReadOnlyPool(used: Pool): void {
		if (used !== pool || performance.now() - replacedReadOnlyMs < REPLACE_READ_ONLY_EVERY_MS) return;
		replacedReadOnlyMs = performance.now();
		replacePool(used);
	}

	async function attempt<Result>(work: (queries: Queries) => Promise<Result>): Promise<Result> {
		const used = pool;
		calls += 1;
		try {
			return await work(used.queries);
		} catch (error) {
			if (isConnectionLost(error)) replacePool(used);
			if (isReadOnlyRefusal(error)) replaceReadOnlyPool(used);
			throw withoutParameters(error);
		} finally {
			// A call counts until `work` itself ends, not only until its deadline, so that a stalled Postgres cannot pile up calls without limit.
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
			// Postgres reads 0 as no timeout.
			lock_timeout: lockTimeoutMs ?? 0,
			idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
			// Settling and opening lock rows first and read afterwards. Under a stricter level they would read a snapshot from before the lock.
			default_transaction_isolation: "read committed" as const,
		},
		socket: ({ host, port, path }: { host: string[]; port: number[]; path: string | false }) =>
			openWatchedSocket(path ? { path } : { host: host[0] ?? "127.0.0.1", port: port[0] ?? 5432 }, silenceMaxMs),
	};
	const client = postgres(url, driverOptions);
	return { client, queries: guardTransactions(drizzle(client)) };
}

/** Returns the driver's error. The query builder's wrapper has the parameters in its message, and a password hash must not reach a log. */
function withoutParameters(error: unknown): unknown {
	return error instanceof DrizzleQueryError && error.cause ? error.cause : error;
}

/** Thrown when the deadline of a call passed. A write may or may not have happened. */
export class DatabaseTimeout extends Error {
	override readonly name = "DatabaseTimeout";
	readonly code = "DATABASE_TIMEOUT";
	constructor(deadlineMs: number) {
		super(`postgres did not answer within ${deadlineMs} ms`);
	}
}

/** Thrown when too many calls are waiting or running already. Nothing was sent. */
export class DatabaseOverload extends Error {
	override readonly name = "DatabaseOverload";
	readonly code = "DATABASE_OVERLOAD";
	constructor(callsMax: number) {
		super(`${callsMax} calls to postgres are already waiting or running; nothing was sent`);
	}
}
