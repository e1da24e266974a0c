/** Checks the request for a schedule, and finds the dates and times that it asks for. */
import { SCHEDULE_DAYS_MAX, SCHEDULE_SHOWTIMES_MAX } from "../limits.ts";
import { addLocalDays, daysBetween, isLocalDate, WEEKDAYS, weekdayOf } from "./local-date.ts";
import { isScheduleTime } from "./wall-clock.ts";

/** Which dates and times a schedule plans. Dates are `YYYY-MM-DD`, of the venue. */
export type ScheduleRequest = {
	/** The first and the last date, at most `SCHEDULE_DAYS_MAX` days with both. */
	readonly from: string;
	readonly until: string;
	/** Of `WEEKDAYS`: at least one, each once. */
	readonly weekdays: readonly string[];
	/** `HH:MM` from 00:00 to 29:59: at least one, each once. `24:30` of a Friday is half past midnight of Saturday, sold as Friday's. */
	readonly times: readonly string[];
	/** Dates on which nothing is planned, from `from` to `until`, each once. A date whose weekday is not planned anyway may be among them. */
	readonly except: readonly string[];
};

/** What is wrong with a part of a schedule. `pointer` is a JSON Pointer into the request (`/times/3`; "" for all of it). */
export type ScheduleError = { readonly pointer: string; readonly message: string };

/**
 * Returns every error of a request, in the order of its fields, and the dates that it plans: none if the period or the length of a list is
 * invalid. A list that is too long is one error, and its entries are not checked, so the number of errors has a bound.
 */
export function checkSchedule(request: ScheduleRequest): { readonly errors: readonly ScheduleError[]; readonly dates: readonly string[] } {
	const { from, until, weekdays, times, except } = request;
	const periodErrors = findPeriodErrors(from, until);
	const hasPeriod = periodErrors.length === 0;
	const isOutside = (date: string) => hasPeriod && (date < from || date > until);
	const errors = [
		...periodErrors,
		...findListErrors("/weekdays", weekdays, { min: 1, max: WEEKDAYS.length }, (weekday) =>
			WEEKDAYS.some((known) => known === weekday) ? null : `is not one of ${WEEKDAYS.join(", ")}`,
		),
		...findListErrors("/times", times, { min: 1, max: SCHEDULE_SHOWTIMES_MAX }, (time) =>
			isScheduleTime(time) ? null : "is not a time from 00:00 to 29:59",
		),
		...findListErrors("/except", except, { min: 0, max: SCHEDULE_DAYS_MAX }, (date) => {
			if (!isLocalDate(date)) return NOT_A_DATE;
			return isOutside(date) ? "is not between `from` and `until`" : null;
		}),
	];
	const hasBadList = errors.some(({ pointer }) => pointer === "/weekdays" || pointer === "/times" || pointer === "/except");
	const dates = hasPeriod && !hasBadList ? listDates(request) : [];
	if (errors.length === 0 && dates.length === 0) errors.push({ pointer: "/weekdays", message: "no date of the period is planned" });
	const showtimes = dates.length * new Set(times.filter(isScheduleTime)).size;
	if (showtimes > SCHEDULE_SHOWTIMES_MAX)
		errors.push({ pointer: "", message: `plans ${showtimes} showtimes: at most ${SCHEDULE_SHOWTIMES_MAX} are allowed` });
	return { errors, dates };
}

const NOT_A_DATE = "is not a date of the calendar (YYYY-MM-DD)";

function findPeriodErrors(from: string, until: string): ScheduleError[] {
	const errors = Object.entries({ from, until }).flatMap(([name, date]) =>
		isLocalDate(date) ? [] : [{ pointer: `/${name}`, message: NOT_A_DATE }],
	);
	if (errors.length > 0) return errors;
	const days = daysBetween(from, until) + 1;
	if (days < 1) return [{ pointer: "/until", message: "is before `from`" }];
	if (days > SCHEDULE_DAYS_MAX)
		return [{ pointer: "/until", message: `makes the period ${days} days long: at most ${SCHEDULE_DAYS_MAX} are allowed` }];
	return [];
}

/** Checks the length of a list, then each entry by `findEntryError`, then whether an entry came before. */
function findListErrors(
	pointer: string,
	entries: readonly string[],
	{ min, max }: { min: number; max: number },
	findEntryError: (entry: string) => string | null,
): ScheduleError[] {
	if (entries.length < min) return [{ pointer, message: "is empty" }];
	if (entries.length > max) return [{ pointer, message: `has ${entries.length} entries: at most ${max} are allowed` }];
	return entries.flatMap((entry, index) => {
		const message = findEntryError(entry) ?? (entries.indexOf(entry) < index ? "is a repetition" : null);
		return message === null ? [] : [{ pointer: `${pointer}/${index}`, message }];
	});
}

function listDates({ from, until, weekdays, except }: ScheduleRequest): string[] {
	return Array.from({ length: daysBetween(from, until) + 1 }, (_, day) => addLocalDays(from, day)).filter(
		(date) => weekdays.includes(weekdayOf(date)) && !except.includes(date),
	);
}
