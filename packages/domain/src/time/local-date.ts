/** Calendar dates of a venue, as text `YYYY-MM-DD`. A date has no time zone, so its arithmetic needs none. */
import { DAY_MS } from "../lifetimes.ts";

/** The days of the week, in the order of ISO 8601. */
export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
/** One of `WEEKDAYS`. */
export type Weekday = (typeof WEEKDAYS)[number];

/** What a date looks like, as a regular expression: years have four digits, which Postgres and JavaScript format alike. */
export const LOCAL_DATE_PATTERN = "^[1-9]\\d{3}-\\d{2}-\\d{2}$";
const LOCAL_DATE = new RegExp(LOCAL_DATE_PATTERN);
/** 1 January 1970 was a Thursday. */
const WEEKDAY_OF_DAY_0 = WEEKDAYS.indexOf("thu");

/** Whether the text is a date that exists (not 30 February), from 1000-01-01 to 9999-12-31. */
export function isLocalDate(text: string): boolean {
	if (!LOCAL_DATE.test(text)) return false;
	const midnight = new Date(`${text}T00:00:00Z`);
	return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text);
}

/** The date `days` later, or earlier if negative. Throws a RangeError if `date` or the result is not a date of `isLocalDate`. */
export const addLocalDays = (date: string, days: number): string => dateOfWallClock(midnightOf(date) + days * DAY_MS);

/** How many days `until` is after `from`; negative if it is before. Throws a RangeError if one of the two is not a date. */
export const daysBetween = (from: string, until: string): number => (midnightOf(until) - midnightOf(from)) / DAY_MS;

/** The weekday of a date. Throws a RangeError if `date` is not a date. */
export function weekdayOf(date: string): Weekday {
	const days = midnightOf(date) / DAY_MS + WEEKDAY_OF_DAY_0;
	const weekday = WEEKDAYS.at(days % WEEKDAYS.length);
	if (weekday === undefined) throw new RangeError(`${date} has no weekday`);
	return weekday;
}

/** The date that a wall clock shows; see wall-clock.ts. Throws a RangeError outside the years 1000 to 9999. */
export function dateOfWallClock(wallMs: number): string {
	const date = new Date(wallMs).toISOString().split("T", 1).join("");
	if (!isLocalDate(date)) throw new RangeError(`the date ${date} is not between the years 1000 and 9999`);
	return date;
}

/** The wall clock at midnight of a date; see wall-clock.ts. Throws a RangeError if `date` is not a date. */
export function midnightOf(date: string): number {
	if (!isLocalDate(date)) throw new RangeError(`${JSON.stringify(date)} is not a date such as 2027-03-28`);
	return Date.parse(`${date}T00:00:00Z`);
}
