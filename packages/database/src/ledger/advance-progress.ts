/** Note how far a bucket's outbox was settled, in the bucket's row. It is locked first, and written last. */
import type { OutboxEntry } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { findGap, type Gap, seqOf } from "./find-gap.ts";

/** `seenSeq`: the highest counter met before this batch, 0 of a bucket that was never settled. */
export type TakenProgress = { readonly outcome: "taken"; readonly seenSeq: number } | { readonly outcome: "locked" };

/** Lock the bucket's row until COMMIT without waiting for it. `locked`: another transaction has it. */
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
	/** All of the batch. */
	readonly entries: readonly OutboxEntry[];
	/** Those of them that were recorded or buried. */
	readonly settled: readonly OutboxEntry[];
};

/** Gives the hole in the counter, if there is one. */
export async function advanceProgress(tx: Queries, bucket: number, { seenSeq, entries, settled }: Progress): Promise<Gap | null> {
	// A number that an unreadable entry claims proves nothing: believed, one such entry would later pass for a loss of all after it.
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
