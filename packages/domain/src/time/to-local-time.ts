/** Converts instants to the dates and times of a venue. */
import { MINUTE_MS } from "../lifetimes.ts";
import { dateOfWallClock, type Weekday, weekdayOf } from "./local-date.ts";
import { offsetAt } from "./time-zone.ts";
import { isClockTime, minutesOf } from "./wall-clock.ts";

/** What calendar and clock of a venue show: `YYYY-MM-DD`, `HH:MM`, and the weekday of the date. */
export type LocalTime = { readonly date: string; readonly time: string; readonly weekday: Weekday };

/**
 * What calendar and clock of a zone show at an instant, epoch ms. Seconds are cut off. Throws a RangeError for an unknown zone, and
 * outside the years 1000 to 9999.
 */
export function toLocalTime(instantMs: number, timeZone: string): LocalTime {
	const wallMs = instantMs + offsetAt(timeZone, instantMs);
	const date = dateOfWallClock(wallMs);
	return { date, time: new Date(wallMs).toISOString().slice(11, 16), weekday: weekdayOf(date) };
}

/**
 * The day of a venue, `YYYY-MM-DD`, to which an instant counts, if its day begins at `dayStartsAt` (`HH:MM`, 00:00 to 23:59): with 06:00,
 * 00:30 counts to the evening before. The clock decides, not the time that has passed: also where a clock change lies between, the day
 * begins when the clock shows `dayStartsAt`. In SQL: `(starts_at at time zone time_zone - day_starts_at::interval)::date`. Throws a
 * RangeError for an unknown zone, and if `dayStartsAt` is not a time of day.
 */
export function venueDayOf(instantMs: number, timeZone: string, dayStartsAt = "00:00"): string {
	if (!isClockTime(dayStartsAt)) throw new RangeError(`${JSON.stringify(dayStartsAt)} is not a time of day`);
	return dateOfWallClock(instantMs + offsetAt(timeZone, instantMs) - minutesOf(dayStartsAt) * MINUTE_MS);
}
