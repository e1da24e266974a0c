/** Expands a schedule (these times on these weekdays, from one date until another) into the starts of its showtimes. */
import { MINUTE_MS } from "../lifetimes.ts";
import { checkSchedule, type ScheduleError, type ScheduleRequest } from "./check-schedule.ts";
import { findInstantsOn } from "./find-instants.ts";
import { midnightOf } from "./local-date.ts";
import { minutesOf } from "./wall-clock.ts";

/**
 * One start of a schedule. `date` is the day that it is sold as and `time` the time as requested (`24:30`); instants are epoch ms.
 *
 * - `starts`: the showtime can start at `startsAt`; of a time that a clock change repeats the first.
 * - `time_skipped`: a clock change skips the time; `before` and `after` as in `FoundInstants`.
 * - `showtime_in_past`: `startsAt` is not after `nowMs`.
 */
export type PlannedStart = { readonly date: string; readonly time: string } & (
	| { readonly outcome: "starts" | "showtime_in_past"; readonly startsAt: number }
	| { readonly outcome: "time_skipped"; readonly before: number; readonly after: number }
);

/** What `expandSchedule` returns. */
export type ExpandedSchedule =
	| { readonly outcome: "planned"; readonly starts: readonly PlannedStart[] }
	| { readonly outcome: "invalid_schedule"; readonly errors: readonly ScheduleError[] };

/**
 * Returns every start of a schedule, 1 to `SCHEDULE_SHOWTIMES_MAX`, by start (a skipped one by its local time), or `invalid_schedule` with
 * every error of the request. `24:30` of a Friday and `00:30` of the Saturday after are two starts at one instant: see `findClashes`.
 * Throws a RangeError for an unknown zone: check it by `isTimeZone` first.
 */
export function expandSchedule(request: ScheduleRequest & { readonly timeZone: string; readonly nowMs: number }): ExpandedSchedule {
	const { errors, dates } = checkSchedule(request);
	if (errors.length > 0) return { outcome: "invalid_schedule", errors };
	const { times, timeZone, nowMs } = request;
	const starts = dates
		.flatMap((date) => times.map((time) => ({ date, time, minutes: minutesOf(time) })))
		.toSorted((a, b) => wallClockOf(a) - wallClockOf(b))
		.map((planned) => findStart(planned, timeZone, nowMs));
	return { outcome: "planned", starts };
}

const wallClockOf = ({ date, minutes }: { date: string; minutes: number }): number => midnightOf(date) + minutes * MINUTE_MS;

function findStart(
	{ date, time, minutes }: { date: string; time: string; minutes: number },
	timeZone: string,
	nowMs: number,
): PlannedStart {
	const found = findInstantsOn(date, minutes, timeZone);
	if (found.outcome === "skipped") return { date, time, outcome: "time_skipped", before: found.before, after: found.after };
	const startsAt = found.outcome === "twice" ? found.first : found.instant;
	return { date, time, outcome: startsAt > nowMs ? "starts" : "showtime_in_past", startsAt };
}
