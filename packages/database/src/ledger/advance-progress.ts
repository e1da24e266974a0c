/** Records in a bucket's row how far the outbox of the bucket is settled. A batch locks this row first and writes it last. */
import type { OutboxEntry } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { findGap, type Gap, seqOf } from "./find-gap.ts";

/**
 * `seenSeq`: the highest sequence number that was read before this batch; 0 for a bucket that was never settled. `locked`: see
 * `takeProgress`.
 */
export type TakenProgress = { readonly outcome: "taken"; readonly seenSeq: number } | { readonly outcome: "locked" };

/** Locks the bucket's row until COMMIT, without waiting. `locked`: another transaction has locked the row. */
export async function takeProgress(tx: Queries, bucket: number): Promise<TakenProgress> {
	const [row] = await tx.execute<{ seen_seq: number }>(
		sql`select seen_seq::float8 from buckets where bucket = ${bucket} for no key update skip locked`,
	);
	if (row !== undefined) return { outcome: "taken", seenSeq: row.seen_seq };
	const rows = await tx.execute(sql`select 1 from buckets where bucket = ${bucket}`);
	return rows.length > 0 ? { outcome: "locked" } : { outcome: "taken", seenSeq: 0 };
}

type Progress = {
	readonly seenSeq: number;
	/** All entries of the batch. */
	readonly entries: readonly OutboxEntry[];
	/** The entries of the batch that were recorded or dead-lettered. */
	readonly settled: readonly OutboxEntry[];
};

/** Updates the bucket's row after a batch. Returns the gap in the sequence numbers of the batch, or null. */
export async function advanceProgress(tx: Queries, bucket: number, { seenSeq, entries, settled }: Progress): Promise<Gap | null> {
	// The sequence number of an unreadable entry cannot be trusted. An inflated one would hide real gaps, and would later look as if the
	// seat store had lost every event up to it.
	const seq = Math.max(0, ...settled.map(({ event }) => event?.seq ?? 0));
	const credibleMax = seenSeq + entries.length;
	const seen = entries.filter((entry) => entry.event !== null || (seqOf(entry) ?? 0) <= credibleMax);
	const nextSeenSeq = Math.max(0, ...seen.map((entry) => seqOf(entry) ?? 0));
	await tx.execute(sql`
		insert into buckets (bucket, seq, seen_seq) values (${bucket}, ${seq}, ${nextSeenSeq})
		on conflict (bucket) do update set
			seq = greatest(buckets.seq, excluded.seq),
			seen_seq = greatest(buckets.seen_seq, excluded.seen_seq),
			recorded_at = case when buckets.seq < excluded.seq then now() else buckets.recorded_at end`);
	return findGap(seen, seenSeq);
}
