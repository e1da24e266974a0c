/** Finds when an auditorium has time for a showtime. */

/** A time during which an auditorium is occupied, epoch ms: half open, so another showtime may start at `until`. */
export type OccupiedRange = { readonly from: number; readonly until: number };

/**
 * Returns the earliest instant from `wantedMs` on at which a showtime that occupies the auditorium for `occupiesMs` (length and cleaning)
 * meets none of the occupied ranges, epoch ms. There is always one: after the last range at the latest. The ranges may come in any order
 * and may overlap; those of past and cancelled showtimes do not belong among them. O(n log n).
 */
export function findNextFreeStart(occupied: readonly OccupiedRange[], wantedMs: number, occupiesMs: number): number {
	let start = wantedMs;
	for (const { from, until } of occupied.toSorted((a, b) => a.from - b.from)) {
		if (from >= start + occupiesMs) break;
		if (until > start) start = until;
	}
	return start;
}
