/** Classifies errors of Postgres calls: retry, answer 503, stop settling, or move an entry to the dead letters. */

/** Codes of Node, of the driver and of this package for a connection that could not be opened, was lost, or timed out. */
const CONNECTION_CODES = new Set([
	"CONNECTION_CLOSED",
	"CONNECTION_DESTROYED",
	"CONNECTION_ENDED",
	"CONNECT_TIMEOUT",
	"DATABASE_OVERLOAD",
	"DATABASE_SILENCE",
	"DATABASE_TIMEOUT",
	"EAI_AGAIN",
	"ECONNABORTED",
	"ECONNREFUSED",
	"ECONNRESET",
	"EHOSTUNREACH",
	"ENETUNREACH",
	"ENOENT",
	"ENOTFOUND",
	"EPIPE",
	"ETIMEDOUT",
]);

/**
 * Codes of a connection that was lost after it was established. The last four are the SQLSTATEs that a server sends when it ends a session.
 */
const LOST_CODES = new Set([
	"CONNECTION_CLOSED",
	"DATABASE_SILENCE",
	"ECONNABORTED",
	"ECONNRESET",
	"EHOSTUNREACH",
	"ENETUNREACH",
	"EPIPE",
	"ETIMEDOUT",
	"57P01",
	"57P02",
	"57P05",
	"25P04",
]);

/**
 * Codes of work that took too long on a healthy server: one statement, or the whole call. A silent server and a lost connection are not
 * among them.
 */
const TOO_SLOW_CODES = new Set(["57014", "25P04", "DATABASE_TIMEOUT"]);

/**
 * SQLSTATEs of a reachable server that cannot serve the call now: it is starting or shutting down, is out of connections or memory, is
 * read-only, hit a timeout, or waited too long for a lock. Source: PostgreSQL, appendix A.
 */
const UNAVAILABLE_STATES = /^(08...|57P0.|57014|53...|25006|25P0[34]|55P03|58...)$/;

/** SQLSTATEs of a transaction that conflicted with another one (serialization failure, deadlock, object in use). */
const CONTENTION_STATES = /^(40001|40P01|55006)$/;

/** SQLSTATEs that the data of a single entry can cause: invalid values, violated constraints, limits of the server. */
const DATA_STATES = /^(22...|23...|54...)$/;

/**
 * What the sweeper does about an error. `retry`: retry the batch after a pause. `too_slow`: retry with half the batch, since the whole
 * would time out again. `halt`: stop settling and raise an alarm. `poison`: find the entry that Postgres refuses and dead-letter it.
 */
export type SettleErrorClass = "retry" | "too_slow" | "halt" | "poison";

/** Returns the first string `code` on the error or its chain of causes, or null. The query builder wraps the errors of the driver. */
export function codeOf(error: unknown): string | null {
	for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
		if ("code" in cause && typeof cause.code === "string") return cause.code;
	}
	return null;
}

/**
 * Returns whether Postgres could not be reached or could not serve the call at that moment. The same call may succeed later: the API
 * answers 503 `unavailable`. Any other error is a bug or a misconfiguration.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
	const code = codeOf(error);
	return code !== null && (CONNECTION_CODES.has(code) || UNAVAILABLE_STATES.test(code));
}

/** Returns whether the connection was lost during a statement. Postgres may or may not have run that statement. */
export function isConnectionLost(error: unknown): boolean {
	return LOST_CODES.has(codeOf(error) ?? "");
}

/** Returns whether the session refused a write because it is read-only (read_only_sql_transaction): on a standby, or by a setting. */
export function isReadOnlyRefusal(error: unknown): boolean {
	return codeOf(error) === "25006";
}

/** Returns whether a write that failed with this error may still have happened: an open connection was lost, or the deadline passed. */
export function mayHaveHappened(error: unknown): boolean {
	return isConnectionLost(error) || codeOf(error) === "DATABASE_TIMEOUT";
}

/** Thrown when a write may or may not have happened. `cause` is the original error, and `codeOf` finds that error's code. */
export class DatabaseOutcomeUnknown extends Error {
	override readonly name = "DatabaseOutcomeUnknown";
	constructor(cause: unknown) {
		super("postgres did not confirm a write; the write may have happened", { cause });
	}
}

/** Returns whether Postgres cancelled a statement because its lock timeout passed. The data of the statement is valid: retry soon. */
export function isLockTimeout(error: unknown): boolean {
	return codeOf(error) === "55P03";
}

/**
 * Classifies an error of `settleBatch`. An error that is neither temporary nor caused by one entry (a missing table, a refused login, a
 * bug) is `halt`: a retry cannot fix it, and skipping entries would lose bookings.
 */
export function classifySettleError(error: unknown): SettleErrorClass {
	const code = codeOf(error);
	if (code !== null && TOO_SLOW_CODES.has(code)) return "too_slow";
	if (isDatabaseUnavailable(error)) return "retry";
	if (code !== null && CONTENTION_STATES.test(code)) return "retry";
	if (code !== null && DATA_STATES.test(code)) return "poison";
	return "halt";
}
