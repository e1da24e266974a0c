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

/** Error replies by which a server says it did not run the command at all. */
const REFUSED = /^(OOM|MISCONF|LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|NOREPLICAS|BUSY|NOAUTH|WRONGPASS|NOPERM)\b/;

/** Run one command; what fails because of the connection or the server becomes a `SeatStoreFault`. */
export async function faultAs<T>(effect: "read" | "write", run: () => Promise<T>): Promise<T> {
	try {
		return await run();
	} catch (error) {
		if (!(error instanceof Error) || error instanceof SeatStoreFault) throw error;
		if (REFUSED.test(error.message)) throw new SeatStoreFault("unavailable", error);
		if (error.name === "ReplyError" || error.message.startsWith("broken invariant")) throw error;
		throw new SeatStoreFault(effect === "read" ? "unavailable" : "outcome_unknown", error);
	}
}
