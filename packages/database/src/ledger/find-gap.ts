/** Finds gaps in the sequence numbers of a bucket's outbox. A gap means that acknowledged events were lost. */
import type { OutboxEntry } from "@holdfast/domain";

/** `after` and `before` are the sequence numbers around the first gap; `missing` is the number of missing sequence numbers in all gaps. */
export type Gap = { readonly after: number; readonly before: number; readonly missing: number };

/** Returns the sequence number of an entry, even of an unreadable entry; null when its field `seq` is not a valid number. */
export function seqOf({ event, raw }: OutboxEntry): number | null {
	if (event !== null) return event.seq;
	return /^\d{1,15}$/.test(raw.seq ?? "") ? Number(raw.seq) : null;
}

/**
 * Returns the gaps above `seenSeq`, the highest sequence number that was read before; null when there are none. `entries` must be all
 * entries of the stream between the first and the last of them. Sequence numbers up to `seenSeq` are ignored: they belong to redelivered
 * entries, to entries that stayed in the stream, or to new entries whose sequence number was repeated after a failover.
 */
export function findGap(entries: readonly OutboxEntry[], seenSeq: number): Gap | null {
	let last = seenSeq;
	let missing = 0;
	let first: { after: number; before: number } | null = null;
	for (const entry of entries) {
		const seq = seqOf(entry);
		if (seq === null || seq <= last) continue;
		if (seq > last + 1) {
			first ??= { after: last, before: seq };
			missing += seq - last - 1;
		}
		last = seq;
	}
	return first === null ? null : { ...first, missing };
}
