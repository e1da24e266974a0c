/**
 * The lock that says who may write a bucket's part of the ledger: a batch being settled, or a line being judged. It ends
 * with the transaction, however that ends. The two-key form shares no number with one-key locks.
 */
import { type SQL, sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";

/** First key; the second is the bucket. */
const SETTLE_LOCK_CLASS = 1;

const keys = (bucket: number): SQL => sql`${SETTLE_LOCK_CLASS}::integer, ${bucket}::integer`;

/** Take the lock, or learn that another has it. */
export async function tryLockBucket(tx: Queries, bucket: number): Promise<boolean> {
	const [row] = await tx.execute<{ taken: boolean }>(sql`select pg_try_advisory_xact_lock(${keys(bucket)}) as taken`);
	return row?.taken === true;
}

/** Wait for the lock, at most `waitMaxMs`; then throws 55P03, which may be tried again. */
export async function lockBucket(tx: Queries, bucket: number, waitMaxMs: number): Promise<void> {
	await tx.execute(sql`select set_config('lock_timeout', ${String(waitMaxMs)}, true)`);
	await tx.execute(sql`select pg_advisory_xact_lock(${keys(bucket)})`);
}
