import { expect, it } from "vitest";
import { CLOCK_TIME_PATTERN, isClockTime, isScheduleTime, minutesOf, SCHEDULE_TIME_PATTERN } from "./wall-clock.ts";

it.each([
	["00:00", 0],
	["06:05", 365],
	["23:59", 1_439],
])("%s is a time of the day and of a schedule, %i minutes after midnight", (time, minutes) => {
	expect([isClockTime(time), isScheduleTime(time)]).toEqual([true, true]);
	expect(minutesOf(time)).toBe(minutes);
});

it.each([
	["24:00", 1_440],
	["29:59", 1_799],
])("%s is a time of a schedule alone, %i minutes after midnight", (time, minutes) => {
	expect([isClockTime(time), isScheduleTime(time)]).toEqual([false, true]);
	expect(minutesOf(time)).toBe(minutes);
});

it.each(["30:00", "12:60", "7:30", "07:3", "", "0730", "07:30:00", "-1:30", "07:30 ", "07:30\n", "aa:bb"])(
	"%j is no time at all",
	(time) => {
		expect([isClockTime(time), isScheduleTime(time)]).toEqual([false, false]);
		expect(time).not.toMatch(new RegExp(CLOCK_TIME_PATTERN));
		expect(time).not.toMatch(new RegExp(SCHEDULE_TIME_PATTERN));
		expect(() => minutesOf(time)).toThrow(RangeError);
	},
);
