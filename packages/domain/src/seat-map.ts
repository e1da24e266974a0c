/** The seat map: the current status of every seat of a showtime. The seat store keeps one byte per seat, in the order of seat indexes. */

/** Every status that a seat can have. */
export const SEAT_STATUSES = ["available", "held", "sold", "blocked", "quarantined"] as const;
/** One of `SEAT_STATUSES`. */
export type SeatStatus = (typeof SEAT_STATUSES)[number];

/** The letter of each status in the map, as stored in Redis and as sent to clients by `?view=status` and by the stream. */
export const STATUS_LETTERS: Record<SeatStatus, string> = { available: "A", held: "H", sold: "S", blocked: "X", quarantined: "Q" };

const STATUS_OF_LETTER = new Map<string, SeatStatus>(SEAT_STATUSES.map((status) => [STATUS_LETTERS[status], status]));

/** The status of a map letter. Throws on any other letter: the scripts never write one, so an invariant is broken. */
export function statusOfLetter(letter: string | undefined): SeatStatus {
	const status = letter === undefined ? undefined : STATUS_OF_LETTER.get(letter);
	if (status === undefined) throw new Error(`the seat map contains the unknown status letter ${JSON.stringify(letter)}`);
	return status;
}

/** The number of seats, in total and per status. */
export type SeatCounts = { readonly total: number } & { readonly [Status in SeatStatus]: number };

/** Counts the seats of each status in a map. O(seats). Throws on an unknown letter. */
export function countSeats(statuses: string): SeatCounts {
	const counts = { total: statuses.length, available: 0, held: 0, sold: 0, blocked: 0, quarantined: 0 };
	for (const letter of statuses) counts[statusOfLetter(letter)] += 1;
	return counts;
}
