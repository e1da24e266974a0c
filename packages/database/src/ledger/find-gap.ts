/** Notice that numbers are missing from a bucket's counter: events that were acknowledged and are nowhere. */
import type { OutboxEntry } from "@holdfast/domain";

/** The first hole, `after` and `before` being the counters around it, and how many numbers are missing in all. */
export type Gap = { readonly after: number; readonly before: number; readonly missing: number };

/** The entry's counter, also of an entry that is otherwise unreadable; null when even that makes no sense. */
export function seqOf({ event, raw }: OutboxEntry): number | null {
	if (event !== null) return event.seq;
	return /^\d{1,15}$/.test(raw.seq ?? "") ? Number(raw.seq) : null;
}

/**
 * Look for holes above `seenSeq`, the highest counter met before. `entries` must be all that the stream held between the
 * first and the last of them. A number at or below `seenSeq` is no news: a redelivery, an entry once left
 * behind, or, after a failover, a number used again.
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
