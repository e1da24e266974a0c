/**
 * Runs queries on a handle, as a read or as a write. The two differ when no answer comes: a read can be retried, but a write may have
 * happened. Both run on a connection of their kind of work, within `deadlineMs` (default: the statement timeout plus half a second). Both
 * throw the error of the query, or `DatabaseOverload` (nothing was sent).
 */
import { DatabaseOutcomeUnknown, mayHaveHappened } from "./classify-error.ts";
import type { DatabaseWork } from "./connection-budgets.ts";
import { type Database, LANES } from "./create-database.ts";
import type { Queries, ReadQueries } from "./queries.ts";

/** Returns the result of `work`, which must only read. Throws `DatabaseTimeout` when the deadline passes. */
export function readFrom<Result>(
	database: Database,
	kind: DatabaseWork,
	work: (queries: ReadQueries) => Promise<Result>,
	deadlineMs?: number,
): Promise<Result> {
	return database[LANES][kind].run(work, deadlineMs);
}

/**
 * Returns the result of `work` after it is committed. Throws `DatabaseOutcomeUnknown` when the connection was lost during `work` or the
 * deadline passed: `work` may still have been committed.
 */
export async function writeTo<Result>(
	database: Database,
	kind: DatabaseWork,
	work: (queries: Queries) => Promise<Result>,
	deadlineMs?: number,
): Promise<Result> {
	try {
		return await database[LANES][kind].run(work, deadlineMs);
	} catch (error) {
		throw mayHaveHappened(error) ? new DatabaseOutcomeUnknown(error) : error;
	}
}
