/**
 * Judge whether a bucket of the seat store has lost what it had acknowledged, before any showtime of it is rebuilt. The
 * seat store's counters are compared with the ledger's while nothing of the bucket can be settled.
 */
import { eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../create-database.ts";
import { buckets, losses } from "../schema/index.ts";
import { boundTransaction, LONG_TRANSACTION_MAX_MS, lockBucket } from "./settle-lock.ts";

/** How long to wait for a batch that is being settled. Longer than that, and another may be rebuilding just as well. */
const LOCK_WAIT_MAX_MS = 5_000;
/** How long the seat store may take to answer before Postgres ends the transaction, and with it the lock. */
const JUDGE_MAX_MS = 10_000;

/** What the ledger has of a bucket: its line of history, and the highest counter that was settled. */
export type LedgerLine = {
	readonly line: number;
	readonly seq: number;
	/** When that counter was settled, epoch ms; null when nothing was. */
	readonly recordedAt: number | null;
};

export type JudgedLine = {
	/** The line that the seat store has now: never below the one that was handed in. */
	readonly line: number;
	/** Whether loss is proven, so that a person must be told; looked at only when the line rose. */
	readonly lost: boolean;
	/** The seat store's counter as it stands now. Its next event has the number after it. */
	readonly seq: number;
};

/** `line` is the one that stands; `isRisen`: it rose just now, so that showtimes opened before are quarantined. */
export type JudgeLineOutcome = { readonly line: number; readonly isRisen: boolean };

/**
 * Hand what the ledger has of the bucket to `judge` (null: nothing yet), which asks the seat store and sets it right, and
 * note what it says. The line never falls. Safe to call twice, and beside settling and other judges: they wait for each
 * other. Throws what `judge` threw (nothing is noted), or 55P03 when the lock was not free within 5 s: ask again. If the
 * COMMIT fails after `judge` raised the seat store's line, the next judge meets a line above the ledger's, and that is the
 * same loss, not told yet: it must say `lost` again.
 */
export function judgeLine(
	database: Database,
	bucket: number,
	judge: (row: LedgerLine | null) => Promise<JudgedLine>,
): Promise<JudgeLineOutcome> {
	const run = async (tx: Queries): Promise<JudgeLineOutcome> => {
		await boundTransaction(tx);
		await tx.execute(sql`select set_config('idle_in_transaction_session_timeout', ${String(JUDGE_MAX_MS)}, true)`);
		await lockBucket(tx, bucket, LOCK_WAIT_MAX_MS);
		const [row] = await tx
			.select({ line: buckets.line, seq: buckets.seq, recordedAt: buckets.recordedAt })
			.from(buckets)
			.where(eq(buckets.bucket, bucket));
		const recordedAt = row !== undefined && row.seq > 0 ? row.recordedAt : null;
		const judged = await judge(row === undefined ? null : { line: row.line, seq: row.seq, recordedAt: recordedAt?.getTime() ?? null });
		if (row === undefined) {
			await tx.insert(buckets).values({ bucket, line: judged.line, seq: 0, seenSeq: 0 });
			return { line: judged.line, isRisen: false };
		}
		if (judged.line <= row.line) return { line: row.line, isRisen: false };
		await raiseLine(tx, bucket, judged);
		if (judged.lost) {
			await tx.insert(losses).values({ bucket, line: judged.line, lastSeq: row.seq, lastRecordedAt: recordedAt });
		}
		return { line: judged.line, isRisen: true };
	};
	return database.run("rebuilding", (queries) => queries.transaction(run), LONG_TRANSACTION_MAX_MS);
}

/**
 * Numbers up to the seat store's counter that nobody has met went down with the old line. That was said once, as a loss:
 * as a gap it would be said again, with the first event of the new line.
 */
async function raiseLine(tx: Queries, bucket: number, { line, seq }: JudgedLine): Promise<void> {
	await tx
		.update(buckets)
		.set({ line, lineStartedAt: sql`now()`, seenSeq: sql`greatest(${buckets.seenSeq}, ${seq}::bigint)` })
		.where(eq(buckets.bucket, bucket));
}
