/** The faults of the seat store: what a caller gets when Redis did not answer, or did not execute a call. */
import { classifyServerError, wasNotRun } from "./server-errors.ts";

/**
 * Thrown when Redis did not answer or refused the call. `unavailable`: nothing was changed. `outcome_unknown`: a write may or may
 * not have been executed. Repeating the same command reveals which, since every command is idempotent.
 */
export class SeatStoreFault extends Error {
	override readonly name = "SeatStoreFault";
	readonly kind: "unavailable" | "outcome_unknown";
	constructor(kind: "unavailable" | "outcome_unknown", cause: unknown) {
		super(`seat store ${kind}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
		this.kind = kind;
	}
}

/** The cause of an `unavailable` fault when the store did not send a write because Redis could lose it. */
export class WritesRefused extends Error {
	override readonly name = "WritesRefused";
}

/**
 * What a call may change. `tally`: a write that only increments a counter. When its reply is lost, it may have been counted, but
 * its caller does not need to know: the call is `unavailable`, as a read is.
 */
export type Effect = "read" | "write" | "tally";

/** A malformed reply: invalid JSON, or a value of the wrong type. This is a bug and not an outage, so a retry does not help. */
const isParseFailure = (error: Error): boolean => error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError;

/**
 * Returns what the caller of a failed call gets: a fault when the connection, the server or the deadline caused the error,
 * otherwise the error itself, because our own code is wrong. `mayHaveActed`: the call sent a command that may have been executed,
 * apart from commands that the error reports as not executed. Then a write may have happened even though no reply arrived.
 */
export function faultOf(effect: Effect, mayHaveActed: boolean, error: unknown): unknown {
	if (!(error instanceof Error) || error instanceof SeatStoreFault) return error;
	const isOfServer = wasNotRun(error) || classifyServerError(error) !== null;
	if (!isOfServer && (error.name === "ReplyError" || error.message.startsWith("broken invariant") || isParseFailure(error))) return error;
	return new SeatStoreFault(effect === "write" && mayHaveActed ? "outcome_unknown" : "unavailable", error);
}
