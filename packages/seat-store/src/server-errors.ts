/**
 * What an error reply says about the server that sent it, in one table: whether the command was run, and whether the connection
 * leads to the right server. Redis begins every such reply with a code in capitals.
 */

/**
 * `demoted`: nothing was done, and this server is not the primary: the connection must be replaced.
 * `interrupted`: the server was demoted while the command was blocked: what came before it on the connection may stand.
 * `refused`: nothing was done, and this is the right server: reads go on, and the next call asks it again.
 */
export type ServerErrorClass = "demoted" | "interrupted" | "refused";

const CLASSES: ReadonlyMap<string, ServerErrorClass> = new Map([
	// A write reached a replica.
	["READONLY", "demoted"],
	// A replica that lost its primary and has `replica-serve-stale-data no`.
	["MASTERDOWN", "demoted"],
	// XREAD BLOCK and WAIT on a primary that became a replica; the server closes the connection behind it.
	["UNBLOCKED", "interrupted"],
	// `min-replicas-to-write`.
	["NOREPLICAS", "refused"],
	["OOM", "refused"],
	["LOADING", "refused"],
	// The last write to the append-only file, or the last snapshot, failed.
	["MISCONF", "refused"],
	// A script runs for longer than `busy-reply-threshold`.
	["BUSY", "refused"],
	// A command of the transaction was refused, so none of them was run.
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

/** Null: the reply says nothing about the server, only about the command. */
export function classifyServerError(error: Error): ServerErrorClass | null {
	return CLASSES.get(CODE.exec(error.message)?.[1] ?? "") ?? null;
}

/** The command was not sent: its connection is being left. */
export class RetiredConnection extends Error {
	override readonly name = "RetiredConnection";
	constructor() {
		super("the server is no longer the primary");
	}
}

/** Whether the error says that the command did nothing. A script that the server does not know was not run either. */
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
