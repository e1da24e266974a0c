/** Tell what an error of a call on Postgres means for the one who called. */

/** Codes of Node and of the driver for a connection that could not be made, was lost, or stayed silent. */
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

/** Codes of a connection that was lost after it had been made; the last ones are what a server says as it ends a session. */
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

/** Work that a healthy server had no time for: one of its statements, or all of them together. Silence and a lost connection are something else. */
const TOO_SLOW_CODES = new Set(["57014", "25P04", "DATABASE_TIMEOUT"]);

/** SQLSTATEs of a server that is there but cannot serve now: shutting down, starting, out of connections, over its time, too long behind a lock. Source: PostgreSQL, appendix A. */
const UNAVAILABLE_STATES = /^(08...|57P0.|57014|53...|25006|25P0[34]|55P03|58...)$/;

/** SQLSTATEs of work that another transaction got in the way of. */
const CONTENTION_STATES = /^(40001|40P01|55006)$/;

/** SQLSTATEs that the data of a single entry can cause: bad values, broken constraints, limits of the server. */
const DATA_STATES = /^(22...|23...|54...)$/;

/**
 * What the sweeper does about an error: try the batch again after a pause (`retry`), or half of it (`too_slow`: the whole
 * would only be too slow again), stop and raise the alarm, or look for the one entry at fault.
 */
export type SettleErrorClass = "retry" | "too_slow" | "halt" | "poison";

/** The first code found on the error or on what caused it: the query builder wraps what the driver threw. */
export function codeOf(error: unknown): string | null {
	for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
		if ("code" in cause && typeof cause.code === "string") return cause.code;
	}
	return null;
}

/**
 * Whether Postgres could not be reached or could not serve at that moment, so that the same call may work later: the
 * API answers 503 `unavailable`. Any other error is a fault of ours.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
	const code = codeOf(error);
	return code !== null && (CONNECTION_CODES.has(code) || UNAVAILABLE_STATES.test(code));
}

/** Whether the connection broke under a statement, so that it may or may not have been run. */
export function isConnectionLost(error: unknown): boolean {
	return LOST_CODES.has(codeOf(error) ?? "");
}

/** Whether the session refused a write because it is read-only (read_only_sql_transaction): on a standby, or by a setting. */
export function isReadOnlyRefusal(error: unknown): boolean {
	return codeOf(error) === "25006";
}

/** Whether a write that failed with this error may have happened: its connection was lost after it was made, or its deadline passed. */
export function mayHaveHappened(error: unknown): boolean {
	return isConnectionLost(error) || codeOf(error) === "DATABASE_TIMEOUT";
}

/** A write that may have happened. `cause` is what was thrown; its code is what `codeOf` finds. */
export class DatabaseOutcomeUnknown extends Error {
	override readonly name = "DatabaseOutcomeUnknown";
	constructor(cause: unknown) {
		super("Postgres did not answer a write; it may have happened", { cause });
	}
}

/** Whether a statement was given up because it waited for a lock as long as it may. Nothing is wrong with its data: try again soon. */
export function isLockTimeout(error: unknown): boolean {
	return codeOf(error) === "55P03";
}

/**
 * Sort an error of `settleBatch`. What is neither a passing trouble nor the fault of an entry (a missing table, a
 * refused login, a bug) halts: trying again could not mend it, and skipping entries would lose bookings.
 */
export function classifySettleError(error: unknown): SettleErrorClass {
	const code = codeOf(error);
	if (code !== null && TOO_SLOW_CODES.has(code)) return "too_slow";
	if (isDatabaseUnavailable(error)) return "retry";
	if (code !== null && CONTENTION_STATES.test(code)) return "retry";
	if (code !== null && DATA_STATES.test(code)) return "poison";
	return "halt";
}
