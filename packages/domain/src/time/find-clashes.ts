/** Finds the starts of a schedule that are in the way of each other. */
import type { PlannedStart } from "./expand-schedule.ts";

/** The start at `index` clashes with the earlier one at `clashesWith`, which has no clash. Both are indexes into the given starts. */
export type PlannedClash = { readonly index: number; readonly clashesWith: number };

/**
 * Finds the starts that do not fit if all showtimes are `lengthMs` long and need `gapMs` of cleaning after it. In the order of their
 * instants, each start gets its time unless an earlier one that got its time still occupies the auditorium; one may start exactly when
 * the gap of another ends. Of equal instants the one with the lower index comes first. Starts whose outcome is not `starts` are not
 * created, so they clash with none.
 *
 * Returns one clash per start that does not fit, by instant. If there is none, no two starts overlap. Without the starts at `index`, the
 * others fit. O(n log n); naming every overlapping pair instead would be 124,750 pairs for 500 starts at one instant.
 */
export function findClashes(
	planned: readonly PlannedStart[],
	{ lengthMs, gapMs }: { readonly lengthMs: number; readonly gapMs: number },
): PlannedClash[] {
	const starts = planned
		.flatMap((start, index) => (start.outcome === "starts" ? [{ index, startsAt: start.startsAt }] : []))
		.toSorted((a, b) => a.startsAt - b.startsAt);
	const clashes: PlannedClash[] = [];
	let last: { index: number; occupiedUntil: number } | null = null;
	for (const { index, startsAt } of starts) {
		if (last !== null && startsAt < last.occupiedUntil) clashes.push({ index, clashesWith: last.index });
		else last = { index, occupiedUntil: startsAt + lengthMs + gapMs };
	}
	return clashes;
}
