/** The heart of the checker: no two bookings may own one seat at the same time. */

/**
 * The time in which a booking certainly owned a seat, as its client knows: from the answer until the client asked for an end or the
 * hold expired. The bounds are drawn inward, so that an overlap is always a violation.
 */
export type Ownership = { readonly seat: string; readonly bookingId: string; readonly fromMs: number; readonly untilMs: number };

/** Every ownership that overlaps an earlier one of the same seat by another booking, as a sentence. O(n log n). */
export function findOverlaps(ownerships: readonly Ownership[]): string[] {
	const bySeat = Map.groupBy(ownerships, ({ seat }) => seat);
	const overlaps: string[] = [];
	for (const [seat, of] of bySeat) {
		const ordered = [...of].sort((a, b) => a.fromMs - b.fromMs);
		let last = ordered[0];
		for (const ownership of ordered.slice(1)) {
			if (last && last.bookingId !== ownership.bookingId && ownership.fromMs < last.untilMs) {
				overlaps.push(`seat ${seat}: ${last.bookingId} until ${last.untilMs}, ${ownership.bookingId} from ${ownership.fromMs}`);
			}
			if (!last || ownership.untilMs > last.untilMs) last = ownership;
		}
	}
	return overlaps;
}
