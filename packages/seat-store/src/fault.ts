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

/** What a passed deadline rejects with; `faultAs` makes a `SeatStoreFault` of it. */
class DeadlinePassed extends Error {
	override readonly name = "DeadlinePassed";
}

/**
 * Run one call within its deadline; what fails because of the connection, the server or the clock becomes a
 * `SeatStoreFault`.
 */
export async function faultAs<T>(effect: "read" | "write", deadlineMs: number, run: () => Promise<T>): Promise<T> {
	try {
		return await withDeadline(deadlineMs, run);
	} catch (error) {
		if (!(error instanceof Error) || error instanceof SeatStoreFault) throw error;
		if (REFUSED.test(error.message)) throw new SeatStoreFault("unavailable", error);
		if (error.name === "ReplyError" || error.message.startsWith("broken invariant")) throw error;
		throw new SeatStoreFault(effect === "read" ? "unavailable" : "outcome_unknown", error);
	}
}

/**
 * A process that is short of CPU runs its timers late, and before it reads its sockets: the answer may lie there
 * already. So a timer that fires lets the sockets be read once more before the answer is given up. (A timeout of the
 * client's own would not: under 20,000 connections it gave up answers that had come.)
 */
function withDeadline<T>(deadlineMs: number, run: () => Promise<T>): Promise<T> {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(() => setImmediate(() => reject(new DeadlinePassed(`no answer within ${deadlineMs} ms`))), deadlineMs);
		run().then(
			(value) => {
				clearTimeout(timer);
				resolve(value);
			},
			(error: unknown) => {
				clearTimeout(timer);
				reject(error);
			},
		);
	});
}
