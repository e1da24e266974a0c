/** The heart of the checker: no two bookings may claim one seat at the same time. */

/**
 * One claim on a seat as its client knows it. It certainly stood from the moment the answer arrived until the client
 * asked for its end or it lapsed: bounds drawn inward, so that an overlap is always a violation.
 */
export type Claim = { readonly seat: string; readonly bookingId: string; readonly fromMs: number; readonly untilMs: number };

/** Every claim that overlaps an earlier one of another booking on its seat, as a sentence. O(n log n). */
export function findOverlaps(claims: readonly Claim[]): string[] {
	const bySeat = Map.groupBy(claims, ({ seat }) => seat);
	const overlaps: string[] = [];
	for (const [seat, of] of bySeat) {
		const ordered = [...of].sort((a, b) => a.fromMs - b.fromMs);
		let last = ordered[0];
		for (const claim of ordered.slice(1)) {
			if (last && last.bookingId !== claim.bookingId && claim.fromMs < last.untilMs) {
				overlaps.push(`seat ${seat}: ${last.bookingId} until ${last.untilMs}, ${claim.bookingId} from ${claim.fromMs}`);
			}
			if (!last || claim.untilMs > last.untilMs) last = claim;
		}
	}
	return overlaps;
}
