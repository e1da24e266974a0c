import { describe, expect, it } from "vitest";
import { addLocalDays, daysBetween, isLocalDate, LOCAL_DATE_PATTERN, WEEKDAYS, weekdayOf } from "./local-date.ts";

describe("isLocalDate", () => {
	it.each(["1000-01-01", "1970-01-01", "2000-02-29", "2028-02-29", "2027-12-31", "9999-12-31"])("accepts the date %s", (date) => {
		expect(isLocalDate(date)).toBe(true);
		expect(date).toMatch(new RegExp(LOCAL_DATE_PATTERN));
	});

	it.each([
		...["2027-02-29", "2100-02-29", "2027-04-31", "2027-00-01", "2027-13-01", "2027-01-00", "2027-01-32", "0999-12-31", "10000-01-01"],
		...["", "2027-1-1", "2027-01-01T00:00", "2027-01-01 ", "2027-01-01\n", "20270101", "01.01.2027", "-2027-01-01", "２０２７-01-01"],
	])("refuses %j, which is not a date", (text) => {
		expect(isLocalDate(text)).toBe(false);
	});
});

describe("addLocalDays", () => {
	it.each([
		["2027-03-28", 1, "2027-03-29"],
		["2027-12-31", 1, "2028-01-01"],
		["2028-02-28", 1, "2028-02-29"],
		["2028-03-01", -1, "2028-02-29"],
		["2027-06-01", 0, "2027-06-01"],
		["2027-06-01", 91, "2027-08-31"],
		["1969-12-31", 1, "1970-01-01"],
		["1000-01-02", -1, "1000-01-01"],
		["9999-12-30", 1, "9999-12-31"],
	])("adds to %s %i days: %s", (date, days, result) => {
		expect(addLocalDays(date, days)).toBe(result);
		expect(daysBetween(date, result)).toBe(days);
	});

	it("throws a RangeError for a text that is not a date, and for a result beyond the years 1000 to 9999", () => {
		expect(() => addLocalDays("2027-02-29", 1)).toThrow('"2027-02-29" is not a date');
		expect(() => addLocalDays("9999-12-31", 1)).toThrow(RangeError);
		expect(() => addLocalDays("1000-01-01", -1)).toThrow(RangeError);
		expect(() => daysBetween("2027-01-01", "tomorrow")).toThrow(RangeError);
	});
});

describe("weekdayOf", () => {
	it.each([
		["1970-01-01", "thu"],
		["2027-03-28", "sun"],
		["2027-03-29", "mon"],
		["1969-12-28", "sun"],
		["1582-10-15", "fri"],
		["9999-12-31", "fri"],
	])("the weekday of %s is %s", (date, weekday) => {
		expect(weekdayOf(date)).toBe(weekday);
	});

	it("agrees with Intl on every day of 28 years around 1970", () => {
		const format = new Intl.DateTimeFormat("en-US", { weekday: "short", timeZone: "UTC" });
		const dates = Array.from({ length: 28 * 365 + 7 }, (_, day) => addLocalDays("1956-01-01", day));
		expect(dates.filter((date) => weekdayOf(date) !== format.format(Date.parse(date)).toLowerCase())).toEqual([]);
		expect(new Set(dates.map(weekdayOf))).toEqual(new Set(WEEKDAYS));
	});

	it("throws a RangeError for a text that is not a date", () => {
		expect(() => weekdayOf("2027-02-29")).toThrow(RangeError);
	});
});
