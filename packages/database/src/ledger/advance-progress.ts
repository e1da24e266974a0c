/** Note how far a bucket's outbox was settled. */
import { sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { findGap, type Gap, seqOf } from "./find-gap.ts";
import type { SettleEntry } from "./outbox-entry.ts";

/** `entries` are all of the batch, `settled` those recorded or buried. Gives the hole in the counter, if there is one. */
export async function advanceProgress(
	tx: Queries,
	bucket: number,
	{ entries, settled }: { entries: readonly SettleEntry[]; settled: readonly SettleEntry[] },
): Promise<Gap | null> {
	const [row] = await tx.execute<{ seen_seq: number }>(sql`select seen_seq::float8 from buckets where bucket = ${bucket}`);
	// A number that an unreadable entry claims proves nothing: believed, one such entry would later pass for a loss of all after it.
	const seq = Math.max(0, ...settled.map(({ event }) => event?.seq ?? 0));
	const credibleMax = (row?.seen_seq ?? 0) + entries.length;
	const seen = entries.filter((entry) => entry.event !== null || (seqOf(entry) ?? 0) <= credibleMax);
	const seenSeq = Math.max(0, ...seen.map((entry) => seqOf(entry) ?? 0));
	await tx.execute(sql`
		insert into buckets (bucket, seq, seen_seq) values (${bucket}, ${seq}, ${seenSeq})
		on conflict (bucket) do update set
			seq = greatest(buckets.seq, excluded.seq),
			seen_seq = greatest(buckets.seen_seq, excluded.seen_seq),
			recorded_at = case when buckets.seq < excluded.seq then now() else buckets.recorded_at end`);
	return findGap(seen, row?.seen_seq ?? 0);
}
