/**
 * What the clock on a venue's wall shows. Inside this folder a reading is a number, `wallMs`: the epoch ms at which a clock in UTC would
 * show the same date and time. Outside it is text: `YYYY-MM-DD`, `HH:MM`, or both joined by `T`.
 */
import { MINUTE_MS } from "../lifetimes.ts";
import { isLocalDate, midnightOf } from "./local-date.ts";

/** What a time of day looks like, as a regular expression: `HH:MM` from 00:00 to 23:59. */
export const CLOCK_TIME_PATTERN = "^([01]\\d|2[0-3]):[0-5]\\d$";
/**
 * What a time of a schedule looks like, as a regular expression: `HH:MM` from 00:00 to 29:59. `24:30` of a Friday is half past midnight of
 * Saturday, sold as Friday's.
 */
export const SCHEDULE_TIME_PATTERN = "^[0-2]\\d:[0-5]\\d$";
const CLOCK_TIME = new RegExp(CLOCK_TIME_PATTERN);
const SCHEDULE_TIME = new RegExp(SCHEDULE_TIME_PATTERN);

/** Whether the text is a time of day, `HH:MM` from 00:00 to 23:59. */
export const isClockTime = (text: string): boolean => CLOCK_TIME.test(text);

/** Whether the text is a time of a schedule, `HH:MM` from 00:00 to 29:59. */
export const isScheduleTime = (text: string): boolean => SCHEDULE_TIME.test(text);

/** The minutes after midnight of a time of a schedule or of a day. Throws a RangeError for any other text. */
export function minutesOf(time: string): number {
	if (!isScheduleTime(time)) throw new RangeError(`${JSON.stringify(time)} is not a time such as 20:15`);
	const [hours, minutes] = time.split(":");
	return Number(hours) * 60 + Number(minutes);
}

/** The reading `YYYY-MM-DDTHH:MM`, or null if the text is anything else, a date that does not exist included. */
export function parseWallClock(text: string): number | null {
	const [date = "", time = "", ...rest] = text.split("T");
	return rest.length === 0 && isLocalDate(date) && isClockTime(time) ? midnightOf(date) + minutesOf(time) * MINUTE_MS : null;
}
