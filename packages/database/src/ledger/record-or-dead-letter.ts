/** Records the entries of a batch that Postgres accepts, and finds the poison entries whose data it refuses. */
import { classifySettleError, codeOf } from "../classify-error.ts";
import type { Queries } from "../create-database.ts";
import type { RecordContext } from "./record-context.ts";
import { type Recorded, recordEntries } from "./record-entries.ts";
import type { DeadLetterEntry, EventEntry } from "./sorted-entry.ts";

const ERROR_MESSAGE_MAX_CHARS = 1_000;

/** `poison`: the entries whose own data Postgres refuses. The caller moves them to the dead letters. */
export type RecordedOrDeadLettered = Recorded & { readonly poison: readonly DeadLetterEntry[] };

/** The result for no entries. */
export const NOTHING_RECORDED: RecordedOrDeadLettered = { recorded: 0, conflicts: [], cancelledByShowtime: 0, clashes: [], poison: [] };

/**
 * Records the entries. When Postgres refuses the data of one of them, splits the batch in halves until that entry is alone, and returns it
 * as `poison`. Each attempt is a savepoint, so locks stay held and everything is one transaction. The halves are recorded in order.
 */
export async function recordOrDeadLetter(
	tx: Queries,
	entries: readonly EventEntry[],
	context: RecordContext,
): Promise<RecordedOrDeadLettered> {
	const [first] = entries;
	if (first === undefined) return NOTHING_RECORDED;
	try {
		return { ...(await tx.transaction((savepoint) => recordEntries(savepoint, entries, context))), poison: [] };
	} catch (error) {
		if (classifySettleError(error) !== "poison") throw error;
		if (entries.length === 1) {
			const poison = [{ entry: first, code: codeOf(error) ?? "unknown", message: messageOf(error) }];
			return { ...NOTHING_RECORDED, poison };
		}
		const middle = Math.ceil(entries.length / 2);
		// One savepoint contains both halves: if the second fails for another reason than its data, the first half is rolled back too.
		return tx.transaction(async (savepoint) => {
			const one = await recordOrDeadLetter(savepoint, entries.slice(0, middle), context);
			return addResults(one, await recordOrDeadLetter(savepoint, entries.slice(middle), context));
		});
	}
}

/** Returns the combined result of two parts of a batch. */
export function addResults(one: RecordedOrDeadLettered, other: RecordedOrDeadLettered): RecordedOrDeadLettered {
	return {
		recorded: one.recorded + other.recorded,
		conflicts: [...one.conflicts, ...other.conflicts],
		cancelledByShowtime: one.cancelledByShowtime + other.cancelledByShowtime,
		clashes: [...one.clashes, ...other.clashes],
		poison: [...one.poison, ...other.poison],
	};
}

/** Returns the message of Postgres, without the statement and parameters that the query builder adds. */
function messageOf(error: unknown): string {
	const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
	return (cause instanceof Error ? cause.message : String(cause)).slice(0, ERROR_MESSAGE_MAX_CHARS);
}
