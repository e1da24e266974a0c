import { classifyServerError, wasNotRun } from "./server-errors.ts";

/**
 * The fault of a store that did not answer. `unavailable`: nothing was done. `outcome_unknown`: a write may or may
 * not have happened; repeating the same command tells which, since every command is idempotent.
 */
export class SeatStoreFault extends Error {
	override readonly name = "SeatStoreFault";
	readonly kind: "unavailable" | "outcome_unknown";
	constructor(kind: "unavailable" | "outcome_unknown", cause: unknown) {
		super(`seat store ${kind}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
		this.kind = kind;
	}
}

/** Why a write was not sent: the store knows that it would not be kept. Is the cause of an `unavailable`. */
export class WritesRefused extends Error {
	override readonly name = "WritesRefused";
}

/**
 * `tally`: a write that only counts. An unanswered one may have been counted, and its caller need not know: it is `unavailable`, as a
 * read is.
 */
export type Effect = "read" | "write" | "tally";

/** A reply that was read and makes no sense: JSON that is none, a value of another shape. No outage, and no reason to try again. */
const isParseFailure = (error: Error): boolean => error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError;

/**
 * What a call's caller is told of an error: a fault where the connection, the server or the clock is to blame, the error
 * itself where we are. `mayHaveActed`: something of the call was sent that may have been carried out, apart from what the error
 * itself says was not. A write may have happened then, whatever became of its answer.
 */
export function faultOf(effect: Effect, mayHaveActed: boolean, error: unknown): unknown {
	if (!(error instanceof Error) || error instanceof SeatStoreFault) return error;
	const isOfServer = wasNotRun(error) || classifyServerError(error) !== null;
	if (!isOfServer && (error.name === "ReplyError" || error.message.startsWith("broken invariant") || isParseFailure(error))) return error;
	return new SeatStoreFault(effect === "write" && mayHaveActed ? "outcome_unknown" : "unavailable", error);
}
