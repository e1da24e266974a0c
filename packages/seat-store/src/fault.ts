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

export type Effect = "read" | "write";

/** Error replies by which a server says it did not run the command at all. */
const REFUSED = /^(OOM|MISCONF|LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|NOREPLICAS|BUSY|NOAUTH|WRONGPASS|NOPERM)\b/;

/** A reply that was read and makes no sense: JSON that is none, a value of another shape. No outage, and no reason to try again. */
const isParseFailure = (error: Error): boolean => error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError;

/**
 * What a call's caller is told of an error: a fault where the connection, the server or the clock is to blame, the error
 * itself where we are. A write that was sent may have happened, whatever became of its answer.
 */
export function faultOf(effect: Effect, hasSent: boolean, error: unknown): unknown {
	if (!(error instanceof Error) || error instanceof SeatStoreFault) return error;
	if (REFUSED.test(error.message)) return new SeatStoreFault("unavailable", error);
	if (error.name === "ReplyError" || error.message.startsWith("broken invariant") || isParseFailure(error)) return error;
	return new SeatStoreFault(effect === "write" && hasSent ? "outcome_unknown" : "unavailable", error);
}
