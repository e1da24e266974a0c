/** Finds the instants at which the clocks of a zone show a given date and time: mostly one, none or two where a clock change is. */
import { DAY_MS, MINUTE_MS } from "../lifetimes.ts";
import { midnightOf } from "./local-date.ts";
import { offsetAt } from "./time-zone.ts";
import { parseWallClock } from "./wall-clock.ts";

/**
 * The instants of a local time, epoch ms.
 *
 * - `once`: the usual case.
 * - `skipped`: a clock change skips the local time. `after` is what the clock before the change would have called it, `before` what the
 *   clock after it would have: 02:30, skipped by an hour, lies between the instants that are called 01:30 (`before`) and 03:30 (`after`).
 * - `twice`: a clock change repeats the local time. `first` is earlier.
 */
export type FoundInstants =
	| { readonly outcome: "once"; readonly instant: number }
	| { readonly outcome: "skipped"; readonly before: number; readonly after: number }
	| { readonly outcome: "twice"; readonly first: number; readonly second: number };

/**
 * The instants at which the clocks of a zone show `localTime`, `YYYY-MM-DDTHH:MM` (no seconds, no offset, years 1000 to 9999), or
 * `invalid_local_time` for any other text and for dates that do not exist. Throws a RangeError for an unknown zone: check it by
 * `isTimeZone` first.
 */
export function findInstants(localTime: string, timeZone: string): FoundInstants | { readonly outcome: "invalid_local_time" } {
	const wallMs = parseWallClock(localTime);
	return wallMs === null ? { outcome: "invalid_local_time" } : findInstantsOfWallClock(wallMs, timeZone);
}

/**
 * The instants at which the clocks of a zone show the time that is `minutes` after midnight of `date`. From 1,440 minutes on, that is a
 * time of a later date. Throws a RangeError if `date` is not a date or the zone is unknown.
 */
export const findInstantsOn = (date: string, minutes: number, timeZone: string): FoundInstants =>
	findInstantsOfWallClock(midnightOf(date) + minutes * MINUTE_MS, timeZone);

/**
 * No clock is ever 16 hours from UTC, so the instant is less than a day away from `wallMs`. Its offset is therefore that of a day before
 * or that of a day after: clock changes of one zone are never closer than 95 hours (Sierra Leone, 1939; IANA database 2025).
 */
function findInstantsOfWallClock(wallMs: number, timeZone: string): FoundInstants {
	const byOldOffset = wallMs - offsetAt(timeZone, wallMs - DAY_MS);
	const byNewOffset = wallMs - offsetAt(timeZone, wallMs + DAY_MS);
	if (byOldOffset === byNewOffset) return { outcome: "once", instant: byOldOffset };
	const isShown = (instant: number) => instant + offsetAt(timeZone, instant) === wallMs;
	const [first, second] = [byOldOffset, byNewOffset].filter(isShown);
	if (first === undefined) return { outcome: "skipped", before: byNewOffset, after: byOldOffset };
	return second === undefined ? { outcome: "once", instant: first } : { outcome: "twice", first, second };
}
