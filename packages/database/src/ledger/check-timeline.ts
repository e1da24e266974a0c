/**
 * Checks whether a bucket of the seat store has lost acknowledged changes, before any showtime of the bucket is rebuilt. The check compares
 * the timeline and the last sequence number of the seat store with those of the ledger, and holds the lock that keeps the bucket from being
 * settled meanwhile.
 */
import type { AdoptedTimeline, LedgerTimeline } from "@holdfast/domain";
import { eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { buckets, losses } from "../schema/index.ts";
import { boundTransaction, LONG_TRANSACTION_MAX_MS, lockBucket } from "./settle-lock.ts";

/** How long to wait for a batch that is being settled. After that, the caller retries, and another process may rebuild in the meantime. */
const LOCK_WAIT_MAX_MS = 5_000;
/** How long the seat store may take to answer. After that, Postgres ends the transaction, which releases the lock. */
const ADOPT_MAX_MS = 10_000;

/**
 * `timeline` is the current timeline of the bucket. `isNew`: this call started it, so showtimes that were opened before are quarantined.
 */
export type CheckTimelineOutcome = { readonly timeline: number; readonly isNew: boolean };

/**
 * Calls `adopt` with the bucket's timeline in the ledger (null when the ledger has nothing of the bucket) and records the timeline that
 * `adopt` returns. `adopt` makes the seat store adopt the ledger's timeline. The ledger's timeline never falls. Safe to call twice, and
 * concurrently with settling and other checks of the bucket: they wait for each other. Throws the error of `adopt`, with nothing recorded,
 * or 55P03 when the lock was not free within 5 s: retry. If the COMMIT fails after `adopt` raised the seat store's timeline, the next check
 * finds the seat store's timeline above the ledger's. That is the same loss, not recorded yet, so `adopt` must return `lost` again.
 */
export function checkTimeline(
	database: Database,
	bucket: number,
	adopt: (ledger: LedgerTimeline | null) => Promise<AdoptedTimeline>,
): Promise<CheckTimelineOutcome> {
	const run = async (tx: Queries): Promise<CheckTimelineOutcome> => {
		await boundTransaction(tx);
		await tx.execute(sql`select set_config('idle_in_transaction_session_timeout', ${String(ADOPT_MAX_MS)}, true)`);
		await lockBucket(tx, bucket, LOCK_WAIT_MAX_MS);
		const [row] = await tx
			.select({ timeline: buckets.timeline, seq: buckets.seq, recordedAt: buckets.recordedAt })
			.from(buckets)
			.where(eq(buckets.bucket, bucket));
		const recordedAt = row !== undefined && row.seq > 0 ? row.recordedAt : null;
		const adopted = await adopt(
			row === undefined ? null : { timeline: row.timeline, seq: row.seq, recordedAt: recordedAt?.getTime() ?? null },
		);
		if (row === undefined) {
			await tx.insert(buckets).values({ bucket, timeline: adopted.timeline, seq: 0, seenSeq: 0 });
			return { timeline: adopted.timeline, isNew: false };
		}
		if (adopted.timeline <= row.timeline) return { timeline: row.timeline, isNew: false };
		await startTimeline(tx, bucket, adopted);
		if (adopted.lost) {
			await tx.insert(losses).values({ bucket, timeline: adopted.timeline, lastSeq: row.seq, lastRecordedAt: recordedAt });
		}
		return { timeline: adopted.timeline, isNew: true };
	};
	return writeTo(database, "rebuilding", (queries) => queries.transaction(run), LONG_TRANSACTION_MAX_MS);
}

/**
 * Records the new timeline. Sequence numbers up to the last one of the seat store that the ledger never saw were lost with the old
 * timeline, and are reported once, as a loss. Without raising `seenSeq`, the first event of the new timeline would report them again, as a
 * gap.
 */
async function startTimeline(tx: Queries, bucket: number, { timeline, seq }: AdoptedTimeline): Promise<void> {
	await tx
		.update(buckets)
		.set({ timeline, timelineStartedAt: sql`now()`, seenSeq: sql`greatest(${buckets.seenSeq}, ${seq}::bigint)` })
		.where(eq(buckets.bucket, bucket));
}
