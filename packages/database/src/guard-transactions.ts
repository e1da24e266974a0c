/**
 * Keeps the driver from sending statements on a lost connection. This works around two defects of postgres.js 3.4.9
 * (porsager/postgres#1155, open):
 *
 * - When the callback of a transaction ends, the driver sends COMMIT or ROLLBACK. On a lost connection that write either ends the process
 *   ("Cannot read properties of null (reading 'write')", thrown from a timer where it cannot be caught), or is never sent and never
 *   answered.
 * - When the callback continues after the loss, the driver sends its next statement on the same connection object. If a waiting call has
 *   made the driver reconnect that object, the statement runs outside the transaction and commits by itself.
 */
import { isConnectionLost } from "./classify-error.ts";
import type { Queries } from "./queries.ts";

const STATEMENTS = ["select", "selectDistinct", "insert", "update", "delete", "execute", "transaction"] as const;

/** A promise that never settles. While the driver awaits it, the driver sends neither COMMIT nor ROLLBACK. */
const NEVER = new Promise<never>(() => {});

/**
 * Returns `queries` with guarded transactions and savepoints. When the connection is lost, the guard hides the error of the callback from
 * the driver, because there is nothing left to commit or to roll back. The caller still gets an error: the driver fails the transaction
 * when its socket closes. After that, every statement of the transaction throws `TransactionOver` and is not sent.
 */
export function guardTransactions<On extends Queries>(queries: On, isOver: () => boolean = () => false): On {
	const transaction: Queries["transaction"] = (work, config) => {
		let hasEnded = false;
		const isOverHere = () => hasEnded || isOver();
		return queries
			.transaction(async (tx) => {
				const result = await work(rejectStatementsOnce(isOverHere, guardTransactions(tx, isOverHere))).catch(hideConnectionLoss);
				return isOverHere() ? NEVER : result;
			}, config)
			.finally(() => {
				hasEnded = true;
			});
	};
	return Object.create(queries, { transaction: { value: transaction } });
}

/** Returns `tx` with statements that throw `TransactionOver` once `isOver` returns true. */
function rejectStatementsOnce<On extends Queries>(isOver: () => boolean, tx: On): On {
	const guarded = STATEMENTS.map((name) => {
		const get = () => {
			if (isOver()) throw new TransactionOver();
			return tx[name];
		};
		return [name, { get }] as const;
	});
	return Object.create(tx, Object.fromEntries(guarded));
}

function hideConnectionLoss(error: unknown): Promise<never> {
	if (isConnectionLost(error)) return NEVER;
	throw error;
}

/** Thrown by a statement of a transaction that has ended or lost its connection. The statement was not sent. */
class TransactionOver extends Error {
	override readonly name = "TransactionOver";
	/** The driver's code for a lost connection: apart from a bug in the callback, a lost connection is the only cause of this error. */
	readonly code = "CONNECTION_CLOSED";
	constructor() {
		super("the transaction has ended; the statement was not sent");
	}
}
