/** When a showtime ends, and until when it occupies its auditorium. */

import { MINUTE_MS } from "../lifetimes.ts";
import { CLEANING_MINUTES_MAX, EXTRA_MINUTES_MAX } from "../limits.ts";

/** What the length of a showtime is made of. `startsAt` is epoch ms; the others are whole minutes. */
export type ShowtimeLength = {
	readonly startsAt: number;
	/** The length of the movie, 1 or more. */
	readonly durationMinutes: number;
	/** Trailers and intervals, 0 to `EXTRA_MINUTES_MAX`. */
	readonly extraMinutes: number;
	/** The pause that the auditorium needs after the end, 0 to `CLEANING_MINUTES_MAX`. */
	readonly cleaningMinutes: number;
};

/**
 * Returns `endsAt` (start, movie and extra minutes) and `occupiedUntil` (the end and the pause for cleaning), both epoch ms. The next
 * showtime in the auditorium may start at `occupiedUntil`. Throws a RangeError for minutes out of range: callers check them as input.
 */
export function findShowtimeEnds(length: ShowtimeLength): { readonly endsAt: number; readonly occupiedUntil: number } {
	const { startsAt, durationMinutes, extraMinutes, cleaningMinutes } = length;
	checkMinutes("durationMinutes", durationMinutes, 1, Number.MAX_SAFE_INTEGER);
	checkMinutes("extraMinutes", extraMinutes, 0, EXTRA_MINUTES_MAX);
	checkMinutes("cleaningMinutes", cleaningMinutes, 0, CLEANING_MINUTES_MAX);
	const endsAt = startsAt + (durationMinutes + extraMinutes) * MINUTE_MS;
	return { endsAt, occupiedUntil: endsAt + cleaningMinutes * MINUTE_MS };
}

function checkMinutes(name: string, minutes: number, min: number, max: number): void {
	if (!Number.isInteger(minutes) || minutes < min || minutes > max)
		throw new RangeError(`${name} is ${minutes}, not an integer from ${min} to ${max}`);
}
