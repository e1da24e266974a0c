/**
 * Classifies the error replies of Redis: whether the command was executed, and whether the connection leads to the right server.
 * Redis starts each of these replies with a code in capital letters.
 */

/**
 * `demoted`: the command was not executed, and the server is not the primary, so the connection must be replaced. `interrupted`:
 * the server was demoted while the command was blocked; earlier commands on the connection may have been executed. `refused`: the
 * command was not executed, and the server is the right one: reads continue, and the next call tries it again.
 */
export type ServerErrorClass = "demoted" | "interrupted" | "refused";

const CLASSES: ReadonlyMap<string, ServerErrorClass> = new Map([
	// A write reached a replica.
	["READONLY", "demoted"],
	// A replica that lost its primary and has `replica-serve-stale-data no`.
	["MASTERDOWN", "demoted"],
	// XREAD BLOCK and WAIT on a primary that became a replica; the server then closes the connection.
	["UNBLOCKED", "interrupted"],
	// `min-replicas-to-write`.
	["NOREPLICAS", "refused"],
	["OOM", "refused"],
	["LOADING", "refused"],
	// The last write to the append-only file, or the last snapshot, failed.
	["MISCONF", "refused"],
	// A script has been running for longer than `busy-reply-threshold`.
	["BUSY", "refused"],
	// A command of the transaction was refused, so no command of it was executed.
	["EXECABORT", "refused"],
	["NOAUTH", "refused"],
	["WRONGPASS", "refused"],
	["NOPERM", "refused"],
	["CLUSTERDOWN", "refused"],
	["TRYAGAIN", "refused"],
	["MOVED", "refused"],
	["ASK", "refused"],
]);

const CODE = /^([A-Z]+)\b/;

/** Returns the class of an error reply, or null when the reply is about the command and not about the server. */
export function classifyServerError(error: Error): ServerErrorClass | null {
	return CLASSES.get(CODE.exec(error.message)?.[1] ?? "") ?? null;
}

/** The command was not sent, because its connection is being replaced. */
export class RetiredConnection extends Error {
	override readonly name = "RetiredConnection";
	constructor() {
		super("the server is no longer the primary");
	}
}

/** Whether the error proves that the command was not executed. That includes a script that the server does not know. */
export function wasNotRun(error: unknown): boolean {
	if (error instanceof RetiredConnection) return true;
	if (!(error instanceof Error) || error.name !== "ReplyError") return false;
	const found = classifyServerError(error);
	return found === "demoted" || found === "refused" || error.message.startsWith("NOSCRIPT");
}

/** Whether the reply says that the connection leads to a server that is not the primary, or no longer. */
export function reportsDemotion(error: Error): boolean {
	const found = classifyServerError(error);
	return found === "demoted" || found === "interrupted";
}
