/**
 * Keeps the driver from sending ROLLBACK on a lost connection. The defect of postgres.js 3.4.9: when the work of a transaction fails,
 * the driver always sends ROLLBACK, also when the work failed because the connection was lost. That write either throws from a timer,
 * where no code can catch it, and ends the process ("Cannot read properties of null (reading 'write')"), or waits for an answer for
 * ever. Described in the pull request porsager/postgres#1155, which is open.
 */
import { isConnectionLost } from "./classify-error.ts";
import type { Queries } from "./queries.ts";

/**
 * `queries` whose transactions, and their savepoints, keep the loss of their connection to themselves: there is nothing
 * to roll back on it. The caller learns of it all the same: the driver fails a transaction as its socket closes.
 */
export function guardTransactions<On extends Queries>(queries: On): On {
	const transaction: Queries["transaction"] = (work, config) =>
		queries.transaction((tx) => work(guardTransactions(tx)).catch(withholdLoss), config);
	return Object.create(queries, { transaction: { value: transaction } });
}

function withholdLoss(error: unknown): Promise<never> {
	if (isConnectionLost(error)) return new Promise(() => {});
	throw error;
}
