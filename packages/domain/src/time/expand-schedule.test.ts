import { describe, expect, it } from "vitest";
import { SCHEDULE_DAYS_MAX, SCHEDULE_SHOWTIMES_MAX } from "../limits.ts";
import type { ScheduleRequest } from "./check-schedule.ts";
import { expandSchedule, type PlannedStart } from "./expand-schedule.ts";
import { findClashes } from "./find-clashes.ts";
import { addLocalDays, WEEKDAYS } from "./local-date.ts";

const at = (text: string) => Date.parse(text);
/** 4 June 2027 is a Friday. */
const FRIDAY = "2027-06-04";
const base = { from: FRIDAY, until: FRIDAY, weekdays: WEEKDAYS, times: ["20:00"], except: [], timeZone: "Europe/Vienna", nowMs: 0 };

function expand(request: Partial<typeof base | ScheduleRequest> & { timeZone?: string; nowMs?: number }): readonly PlannedStart[] {
	const expanded = expandSchedule({ ...base, ...request });
	if (expanded.outcome !== "planned") throw new Error(JSON.stringify(expanded.errors));
	return expanded.starts;
}

const errorsOf = (request: Partial<ScheduleRequest>) => {
	const expanded = expandSchedule({ ...base, ...request });
	return expanded.outcome === "invalid_schedule" ? expanded.errors : [];
};

/** `count` different times, a minute apart. */
const timesOf = (count: number) =>
	Array.from(
		{ length: count },
		(_, minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`,
	);

describe("the starts of a schedule", () => {
	it("come at each time of each weekday, from the first until the last date, by start", () => {
		const starts = expand({ from: FRIDAY, until: "2027-06-12", weekdays: ["sat", "fri"], times: ["20:00", "14:30"] });
		expect(starts).toEqual([
			{ date: "2027-06-04", time: "14:30", outcome: "starts", startsAt: at("2027-06-04T12:30Z") },
			{ date: "2027-06-04", time: "20:00", outcome: "starts", startsAt: at("2027-06-04T18:00Z") },
			{ date: "2027-06-05", time: "14:30", outcome: "starts", startsAt: at("2027-06-05T12:30Z") },
			{ date: "2027-06-05", time: "20:00", outcome: "starts", startsAt: at("2027-06-05T18:00Z") },
			{ date: "2027-06-11", time: "14:30", outcome: "starts", startsAt: at("2027-06-11T12:30Z") },
			{ date: "2027-06-11", time: "20:00", outcome: "starts", startsAt: at("2027-06-11T18:00Z") },
			{ date: "2027-06-12", time: "14:30", outcome: "starts", startsAt: at("2027-06-12T12:30Z") },
			{ date: "2027-06-12", time: "20:00", outcome: "starts", startsAt: at("2027-06-12T18:00Z") },
		]);
	});

	it("leave out the dates of `except`", () => {
		const starts = expand({ until: "2027-06-06", except: ["2027-06-05"] });
		expect(starts.map(({ date }) => date)).toEqual(["2027-06-04", "2027-06-06"]);
	});

	it("24:30 of a Friday is half past midnight of Saturday, sold as Friday's", () => {
		expect(expand({ weekdays: ["fri"], times: ["24:30"] })).toEqual([
			{ date: FRIDAY, time: "24:30", outcome: "starts", startsAt: at("2027-06-04T22:30Z") },
		]);
	});

	it("29:59 of the last date is 05:59 of the date after it", () => {
		expect(expand({ times: ["29:59"] })).toMatchObject([{ date: FRIDAY, startsAt: at("2027-06-05T03:59Z") }]);
	});

	it("24:30 of a Friday comes before the starts of Saturday, and clashes with Saturday's 00:30", () => {
		const starts = expand({ until: "2027-06-05", times: ["24:30", "00:30", "10:00"] });
		expect(starts.map(({ date, time }) => `${date} ${time}`)).toEqual([
			...["2027-06-04 00:30", "2027-06-04 10:00", "2027-06-04 24:30", "2027-06-05 00:30", "2027-06-05 10:00", "2027-06-05 24:30"],
		]);
		expect(findClashes(starts, { lengthMs: 1, gapMs: 0 })).toEqual([{ index: 3, clashesWith: 2 }]);
	});

	it("keep their local time across both clock changes", () => {
		const spring = expand({ from: "2027-03-27", until: "2027-03-28" });
		expect(spring).toMatchObject([{ startsAt: at("2027-03-27T19:00Z") }, { startsAt: at("2027-03-28T18:00Z") }]);
		const autumn = expand({ from: "2027-10-30", until: "2027-10-31" });
		expect(autumn).toMatchObject([{ startsAt: at("2027-10-30T18:00Z") }, { startsAt: at("2027-10-31T19:00Z") }]);
	});

	it("report a time that a clock change skips, in its place by the clock, also as a late time of the day before", () => {
		const night = { from: "2027-03-27", until: "2027-03-28", times: ["01:45", "26:30", "03:15"] };
		const skipped = { outcome: "time_skipped", before: at("2027-03-28T00:30Z"), after: at("2027-03-28T01:30Z") };
		expect(expand(night).slice(1, 5)).toEqual([
			{ date: "2027-03-27", time: "03:15", outcome: "starts", startsAt: at("2027-03-27T02:15Z") },
			{ date: "2027-03-28", time: "01:45", outcome: "starts", startsAt: at("2027-03-28T00:45Z") },
			{ date: "2027-03-27", time: "26:30", ...skipped },
			{ date: "2027-03-28", time: "03:15", outcome: "starts", startsAt: at("2027-03-28T01:15Z") },
		]);
		expect(expand({ from: "2027-03-28", until: "2027-03-28", times: ["02:30"] })).toEqual([
			{ date: "2027-03-28", time: "02:30", ...skipped },
		]);
	});

	it("take the first instant of a time that a clock change repeats", () => {
		expect(expand({ from: "2027-10-31", until: "2027-10-31", times: ["02:30"] })).toMatchObject([
			{ outcome: "starts", startsAt: at("2027-10-31T00:30Z") },
		]);
	});

	it("are in the past up to the instant of the request, and start a millisecond later", () => {
		const startsAt = at("2027-06-04T18:00Z");
		expect(expand({ nowMs: startsAt })).toEqual([{ date: FRIDAY, time: "20:00", outcome: "showtime_in_past", startsAt }]);
		expect(expand({ nowMs: startsAt - 1 })).toEqual([{ date: FRIDAY, time: "20:00", outcome: "starts", startsAt }]);
	});

	it("throws a RangeError for an unknown zone", () => {
		expect(() => expand({ timeZone: "Europe/Atlantis" })).toThrow(RangeError);
	});
});

describe("the bounds of a schedule", () => {
	it("a period of 92 days is planned, and one of 93 days is invalid", () => {
		expect(expand({ until: addLocalDays(FRIDAY, SCHEDULE_DAYS_MAX - 1) })).toHaveLength(SCHEDULE_DAYS_MAX);
		expect(errorsOf({ until: addLocalDays(FRIDAY, SCHEDULE_DAYS_MAX) })).toEqual([
			{ pointer: "/until", message: "makes the period 93 days long: at most 92 are allowed" },
		]);
	});

	it("500 showtimes are planned, and 501 are invalid", () => {
		const tenDays = { until: addLocalDays(FRIDAY, 9) };
		expect(expand({ ...tenDays, times: timesOf(SCHEDULE_SHOWTIMES_MAX / 10) })).toHaveLength(SCHEDULE_SHOWTIMES_MAX);
		const threeDays = { until: addLocalDays(FRIDAY, 2), times: timesOf(167) };
		expect(errorsOf(threeDays)).toEqual([{ pointer: "", message: "plans 501 showtimes: at most 500 are allowed" }]);
	});

	it("500 times of one day are planned, and 501 are one error of the list", () => {
		expect(expand({ times: timesOf(SCHEDULE_SHOWTIMES_MAX) })).toHaveLength(SCHEDULE_SHOWTIMES_MAX);
		expect(errorsOf({ times: timesOf(SCHEDULE_SHOWTIMES_MAX + 1) })).toEqual([
			{ pointer: "/times", message: "has 501 entries: at most 500 are allowed" },
		]);
	});

	it("92 exceptions are checked one by one, and 93 are one error of the list", () => {
		const until = addLocalDays(FRIDAY, SCHEDULE_DAYS_MAX - 1);
		const exceptions = Array.from({ length: SCHEDULE_DAYS_MAX }, (_, day) => addLocalDays(FRIDAY, day));
		expect(errorsOf({ until, except: exceptions })).toEqual([{ pointer: "/weekdays", message: "no date of the period is planned" }]);
		expect(errorsOf({ until, except: [...exceptions, FRIDAY] })).toContainEqual({
			pointer: "/except",
			message: "has 93 entries: at most 92 are allowed",
		});
	});
});

describe("invalid_schedule", () => {
	it.each<[string, Partial<ScheduleRequest>, string, string]>([
		["a first date that does not exist", { from: "2027-02-29" }, "/from", "is not a date of the calendar (YYYY-MM-DD)"],
		["a last date that is not a date", { until: "soon" }, "/until", "is not a date of the calendar (YYYY-MM-DD)"],
		["a last date before the first", { until: "2027-06-03" }, "/until", "is before `from`"],
		["no weekday", { weekdays: [] }, "/weekdays", "is empty"],
		["eight weekdays", { weekdays: [...WEEKDAYS, "mon"] }, "/weekdays", "has 8 entries: at most 7 are allowed"],
		["an unknown weekday", { weekdays: ["fri", "Friday"] }, "/weekdays/1", "is not one of mon, tue, wed, thu, fri, sat, sun"],
		["a repeated weekday", { weekdays: ["fri", "fri"] }, "/weekdays/1", "is a repetition"],
		["no time", { times: [] }, "/times", "is empty"],
		["a time after 29:59", { times: ["20:00", "30:00"] }, "/times/1", "is not a time from 00:00 to 29:59"],
		["a repeated time", { times: ["20:00", "22:00", "20:00"] }, "/times/2", "is a repetition"],
		["an exception before the first date", { except: ["2027-06-03"] }, "/except/0", "is not between `from` and `until`"],
		["an exception after the last date", { except: ["2027-06-05"] }, "/except/0", "is not between `from` and `until`"],
		["an exception that is not a date", { except: ["2027-06-31"] }, "/except/0", "is not a date of the calendar (YYYY-MM-DD)"],
		["no date that is planned", { weekdays: ["sat"] }, "/weekdays", "no date of the period is planned"],
	])("names the error of %s", (_, request, pointer, message) => {
		expect(errorsOf(request)).toEqual([{ pointer, message }]);
	});

	it("names a repeated exception", () => {
		const except = ["2027-06-05", "2027-06-05"];
		expect(errorsOf({ until: "2027-06-06", except })).toEqual([{ pointer: "/except/1", message: "is a repetition" }]);
	});

	it("accepts an exception on a weekday that is not planned anyway", () => {
		expect(expand({ until: "2027-06-06", weekdays: ["fri"], except: ["2027-06-05"] })).toHaveLength(1);
	});

	it("lists every error of a request", () => {
		const request = {
			...{ from: "2027-13-01", until: "2027-02-30", weekdays: ["fri", "fri", "someday"] },
			...{ times: ["20:00", "20:00", "31:00", "31:00"], except: ["never", "2027-06-05"] },
		};
		expect(errorsOf(request).map(({ pointer }) => pointer)).toEqual([
			...["/from", "/until", "/weekdays/1", "/weekdays/2", "/times/1", "/times/2", "/times/3", "/except/0"],
		]);
	});

	it("counts the showtimes of a request that has other errors", () => {
		const errors = errorsOf({ until: addLocalDays(FRIDAY, 90), times: [...timesOf(6), "00:00"], except: ["never"] });
		expect(errors).toEqual([
			{ pointer: "/times/6", message: "is a repetition" },
			{ pointer: "/except/0", message: "is not a date of the calendar (YYYY-MM-DD)" },
			{ pointer: "", message: "plans 546 showtimes: at most 500 are allowed" },
		]);
	});
});
