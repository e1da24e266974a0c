/**
 * Keeps the driver from sending on a lost connection. Two defects of postgres.js 3.4.9 (porsager/postgres#1155, open):
 *
 * - When a transaction's work ends, the driver sends a COMMIT or a ROLLBACK. On a lost connection that write ends the process ("Cannot read
 *   properties of null (reading 'write')", thrown from a timer where it cannot be caught), or is never sent and never answered.
 * - When a transaction's work goes on after the loss, the driver sends its next statement on the same connection. Once a waiting call
 *   has made the driver open that connection again, the statement runs there, outside the transaction, and commits by itself.
 */
import { isConnectionLost } from "./classify-error.ts";
import type { Queries } from "./queries.ts";

const STATEMENTS = ["select", "selectDistinct", "insert", "update", "delete", "execute", "transaction"] as const;

/** What the driver waits for in vain, so that it sends nothing more on the connection. */
const NEVER = new Promise<never>(() => {});

/**
 * `queries` whose transactions, and their savepoints, keep the loss of their connection to themselves: there is nothing
 * to commit or to roll back on it. The caller learns of it all the same: the driver fails a transaction as its socket closes. From
 * then on every statement of the transaction throws `TransactionOver`, and is not sent.
 */
export function guardTransactions<On extends Queries>(queries: On, isOver: () => boolean = () => false): On {
	const transaction: Queries["transaction"] = (work, config) => {
		let hasEnded = false;
		const isOverHere = () => hasEnded || isOver();
		return queries
			.transaction(async (tx) => {
				const result = await work(refuseOnce(isOverHere, guardTransactions(tx, isOverHere))).catch(withholdLoss);
				return isOverHere() ? NEVER : result;
			}, config)
			.finally(() => {
				hasEnded = true;
			});
	};
	return Object.create(queries, { transaction: { value: transaction } });
}

/** `tx`, whose statements throw once `isOver`. */
function refuseOnce<On extends Queries>(isOver: () => boolean, tx: On): On {
	const guarded = STATEMENTS.map((name) => {
		const get = () => {
			if (isOver()) throw new TransactionOver();
			return tx[name];
		};
		return [name, { get }] as const;
	});
	return Object.create(tx, Object.fromEntries(guarded));
}

function withholdLoss(error: unknown): Promise<never> {
	if (isConnectionLost(error)) return NEVER;
	throw error;
}

/** A statement of a transaction that has ended, or whose connection was lost. It was not sent. */
class TransactionOver extends Error {
	override readonly name = "TransactionOver";
	/** As the driver says of a lost connection: it is the only way to get here, apart from a mistake in the work. */
	readonly code = "CONNECTION_CLOSED";
	constructor() {
		super("the transaction is over; its statement was not sent");
	}
}
