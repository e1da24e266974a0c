/**
 * The lock that says who may write a bucket's part of the ledger: a batch being settled, or a timeline being checked. It ends
 * with the transaction, however that ends. The two-key form shares no number with one-key locks.
 */
import { type SQL, sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";

/**
 * What settling, judging and opening may take from BEGIN to COMMIT. A settler that stands still in the middle of a statement is no
 * idle transaction to Postgres: without this its locks kept a bucket closed for as long as it stood. A batch of nothing but
 * poison takes a thousand statements, some seconds.
 */
export const LONG_TRANSACTION_MAX_MS = 20_000;

/** First key; the second is the bucket. */
const SETTLE_LOCK_CLASS = 1;

const keys = (bucket: number): SQL => sql`${SETTLE_LOCK_CLASS}::integer, ${bucket}::integer`;

/** Let Postgres end this transaction, and the session with it, after `maxMs`. PostgreSQL 17 and later know how; older ones go on as before. */
export async function boundTransaction(tx: Queries, maxMs: number = LONG_TRANSACTION_MAX_MS): Promise<void> {
	await tx.execute(sql`select ${transactionBound(maxMs)}`);
}

const transactionBound = (maxMs: number): SQL => sql`
	case when current_setting('transaction_timeout', true) is not null
		then set_config('transaction_timeout', ${String(maxMs)}, true) end`;

/** From here on a statement of this transaction waits for a lock at most `maxMs`; then it throws 55P03. */
export async function boundLockWaits(tx: Queries, maxMs: number): Promise<void> {
	await tx.execute(sql`select set_config('lock_timeout', ${String(maxMs)}, true)`);
}

/** Take the lock, or learn that another has it. Bounds the transaction as `boundTransaction` does, in the same statement. */
export async function tryLockBucket(tx: Queries, bucket: number, maxMs: number = LONG_TRANSACTION_MAX_MS): Promise<boolean> {
	const [row] = await tx.execute<{ taken: boolean }>(
		sql`select pg_try_advisory_xact_lock(${keys(bucket)}) as taken, ${transactionBound(maxMs)} as bound`,
	);
	return row?.taken === true;
}

/** Wait for the lock, at most `waitMaxMs`; then throws 55P03, which may be tried again. */
export async function lockBucket(tx: Queries, bucket: number, waitMaxMs: number): Promise<void> {
	await boundLockWaits(tx, waitMaxMs);
	await tx.execute(sql`select pg_advisory_xact_lock(${keys(bucket)})`);
}
