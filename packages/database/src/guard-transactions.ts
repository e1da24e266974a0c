/**
 * Keeps the driver from speaking on a connection that is gone. When a transaction's work fails, postgres.js 3.4.9 sends a
 * ROLLBACK; on a lost connection that write ends the process ("Cannot read properties of null (reading 'write')", thrown
 * from a timer where nobody can catch it) or is never sent and never answered. Known upstream, without a release.
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
