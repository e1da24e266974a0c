/** Finds times in which two bookings owned one seat. This is the central rule of the checker. */

/**
 * The time in which a booking certainly owned a seat as seen by its client: from the answer until the client sent a cancel or the
 * hold expired. The real ownership is never shorter, so an overlap is always a violation.
 */
export type Ownership = { readonly seat: string; readonly bookingId: string; readonly fromMs: number; readonly untilMs: number };

/** Returns a sentence for every ownership that overlaps an earlier one of the same seat by another booking. O(n log n). */
export function findOverlaps(ownerships: readonly Ownership[]): string[] {
	const bySeat = Map.groupBy(ownerships, ({ seat }) => seat);
	const overlaps: string[] = [];
	for (const [seat, group] of bySeat) {
		const ordered = [...group].sort((a, b) => a.fromMs - b.fromMs);
		let last = ordered[0];
		for (const ownership of ordered.slice(1)) {
			if (last && last.bookingId !== ownership.bookingId && ownership.fromMs < last.untilMs) {
				overlaps.push(`seat ${seat}: owned by ${last.bookingId} until ${last.untilMs}, by ${ownership.bookingId} from ${ownership.fromMs}`);
			}
			if (!last || ownership.untilMs > last.untilMs) last = ownership;
		}
	}
	return overlaps;
}
