/** The seat map: one status per seat of a showtime, now. In the store it is one byte per seat, by seat index. */

export const SEAT_STATUSES = ["available", "held", "sold", "blocked", "quarantined"] as const;
export type SeatStatus = (typeof SEAT_STATUSES)[number];

/** The byte of each status in the map, as stored and as `?view=status` and the stream show it. */
export const STATUS_LETTERS: Record<SeatStatus, string> = { available: "A", held: "H", sold: "S", blocked: "X", quarantined: "Q" };

const STATUS_OF_LETTER = new Map<string, SeatStatus>(SEAT_STATUSES.map((status) => [STATUS_LETTERS[status], status]));

/** The status behind a map letter. Throws on a letter that no script writes: that would be a broken invariant. */
export function statusOfLetter(letter: string | undefined): SeatStatus {
	const status = letter === undefined ? undefined : STATUS_OF_LETTER.get(letter);
	if (status === undefined) throw new Error(`the seat map holds the unknown status ${JSON.stringify(letter)}`);
	return status;
}

export type SeatCounts = { readonly total: number } & { readonly [Status in SeatStatus]: number };

/** How many seats stand in each status. O(seats). */
export function countSeats(statuses: string): SeatCounts {
	const counts = { total: statuses.length, available: 0, held: 0, sold: 0, blocked: 0, quarantined: 0 };
	for (const letter of statuses) counts[statusOfLetter(letter)] += 1;
	return counts;
}
