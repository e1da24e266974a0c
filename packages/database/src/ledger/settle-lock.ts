/**
 * Takes the lock that a transaction needs to write a bucket's part of the ledger: to settle a batch or to check a timeline. It is an
 * advisory lock that ends with the transaction in every case. Advisory locks with two keys never collide with those of one key.
 */
import { type SQL, sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";

/**
 * The maximum duration, from BEGIN to COMMIT, of settling a batch, checking a timeline and opening a showtime. Postgres does not treat a
 * client that stalls in the middle of a statement as an idle transaction, so without this limit its locks would block the bucket for as
 * long as it stalls. A batch of only poison entries takes a thousand statements, which is some seconds.
 */
export const LONG_TRANSACTION_MAX_MS = 20_000;

/** The first key of the lock; the second key is the bucket. */
const SETTLE_LOCK_CLASS = 1;

const keys = (bucket: number): SQL => sql`${SETTLE_LOCK_CLASS}::integer, ${bucket}::integer`;

/** Makes Postgres end this transaction and its session after `maxMs`. Has no effect before PostgreSQL 17. */
export async function boundTransaction(tx: Queries, maxMs: number = LONG_TRANSACTION_MAX_MS): Promise<void> {
	await tx.execute(sql`select ${transactionBound(maxMs)}`);
}

const transactionBound = (maxMs: number): SQL => sql`
	case when current_setting('transaction_timeout', true) is not null
		then set_config('transaction_timeout', ${String(maxMs)}, true) end`;

/** Limits lock waits of the later statements of this transaction to `maxMs`. A statement that waits longer throws 55P03. */
export async function boundLockWaits(tx: Queries, maxMs: number): Promise<void> {
	await tx.execute(sql`select set_config('lock_timeout', ${String(maxMs)}, true)`);
}

/** Tries to take the lock and returns whether it did. Limits the transaction like `boundTransaction`, in the same statement. */
export async function tryLockBucket(tx: Queries, bucket: number, maxMs: number = LONG_TRANSACTION_MAX_MS): Promise<boolean> {
	const [row] = await tx.execute<{ taken: boolean }>(
		sql`select pg_try_advisory_xact_lock(${keys(bucket)}) as taken, ${transactionBound(maxMs)} as bound`,
	);
	return row?.taken === true;
}

/** Takes the lock, waiting at most `waitMaxMs`. Then throws 55P03; the caller may retry. */
export async function lockBucket(tx: Queries, bucket: number, waitMaxMs: number): Promise<void> {
	await boundLockWaits(tx, waitMaxMs);
	await tx.execute(sql`select pg_advisory_xact_lock(${keys(bucket)})`);
}
