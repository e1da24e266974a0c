/** Record the entries of a batch that can be recorded, and find those that Postgres refuses. */
import { classifySettleError, codeOf } from "../classify-error.ts";
import type { Queries } from "../create-database.ts";
import type { DeadEntry, EventEntry } from "./judged-entry.ts";
import type { RecordContext } from "./record-context.ts";
import { type Recorded, recordEntries } from "./record-entries.ts";

const ERROR_MESSAGE_MAX_CHARS = 1_000;

/** `poison`: entries that Postgres refuses, each for itself. */
export type RecordedOrBuried = Recorded & { readonly poison: readonly DeadEntry[] };

export const NOTHING_RECORDED: RecordedOrBuried = { recorded: 0, conflicts: [], cancelledByShowtime: 0, poison: [] };

/**
 * Record the entries; when one of them makes Postgres refuse its data, halve until it stands alone, and bury just that
 * one. Each attempt is a savepoint, so the lock stays and all of it is one transaction. Halves go in order.
 */
export async function recordOrBury(tx: Queries, entries: readonly EventEntry[], context: RecordContext): Promise<RecordedOrBuried> {
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
		// One savepoint around both: if the second half fails for another reason than its data, the first is not written either.
		return tx.transaction(async (savepoint) => {
			const one = await recordOrBury(savepoint, entries.slice(0, middle), context);
			return addUp(one, await recordOrBury(savepoint, entries.slice(middle), context));
		});
	}
}

/** What became of two parts of a batch, together. */
export function addUp(one: RecordedOrBuried, other: RecordedOrBuried): RecordedOrBuried {
	return {
		recorded: one.recorded + other.recorded,
		conflicts: [...one.conflicts, ...other.conflicts],
		cancelledByShowtime: one.cancelledByShowtime + other.cancelledByShowtime,
		poison: [...one.poison, ...other.poison],
	};
}

/** What Postgres said, not the statement and its parameters that the query builder puts before it. */
function messageOf(error: unknown): string {
	const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
	return (cause instanceof Error ? cause.message : String(cause)).slice(0, ERROR_MESSAGE_MAX_CHARS);
}
