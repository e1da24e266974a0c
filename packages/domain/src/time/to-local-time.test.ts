import { describe, expect, it } from "vitest";
import { toLocalTime, venueDayOf } from "./to-local-time.ts";

const at = (text: string) => Date.parse(text);

describe("toLocalTime", () => {
	it.each([
		["Europe/Vienna", "2027-03-28T00:59:59.999Z", { date: "2027-03-28", time: "01:59", weekday: "sun" }],
		["Europe/Vienna", "2027-03-28T01:00Z", { date: "2027-03-28", time: "03:00", weekday: "sun" }],
		["Pacific/Apia", "2011-12-30T09:59Z", { date: "2011-12-29", time: "23:59", weekday: "thu" }],
		["Pacific/Apia", "2011-12-30T10:00Z", { date: "2011-12-31", time: "00:00", weekday: "sat" }],
		["Africa/Monrovia", "1970-01-01T00:44:29Z", { date: "1969-12-31", time: "23:59", weekday: "wed" }],
		["Africa/Monrovia", "1970-01-01T00:44:30Z", { date: "1970-01-01", time: "00:00", weekday: "thu" }],
		["America/St_Johns", "2027-01-01T03:29Z", { date: "2026-12-31", time: "23:59", weekday: "thu" }],
	])("the clocks of %s show at %s: %j", (timeZone, instant, localTime) => {
		expect(toLocalTime(at(instant), timeZone)).toEqual(localTime);
	});

	it("throws a RangeError for an unknown zone, and beyond the years 1000 to 9999", () => {
		expect(() => toLocalTime(0, "Europe/Atlantis")).toThrow(RangeError);
		expect(() => toLocalTime(at("0999-12-31T23:59Z"), "UTC")).toThrow(RangeError);
		expect(() => toLocalTime(at("9999-12-31T23:59Z"), "Pacific/Kiritimati")).toThrow(RangeError);
	});
});

describe("venueDayOf", () => {
	it.each([
		["2027-06-04T22:30Z", "00:00", "2027-06-05"],
		["2027-06-04T22:30Z", "06:00", "2027-06-04"],
		["2027-06-05T03:59Z", "06:00", "2027-06-04"],
		["2027-06-05T04:00Z", "06:00", "2027-06-05"],
		["2027-06-05T21:58Z", "23:59", "2027-06-04"],
		["2027-06-05T21:59Z", "23:59", "2027-06-05"],
		["2027-03-28T03:59Z", "06:00", "2027-03-27"],
		["2027-03-28T04:00Z", "06:00", "2027-03-28"],
		["2027-10-31T04:59Z", "06:00", "2027-10-30"],
		["2027-10-31T05:00Z", "06:00", "2027-10-31"],
	])("counts %s in Vienna, where a day begins at %s, to %s", (instant, dayStartsAt, date) => {
		expect(venueDayOf(at(instant), "Europe/Vienna", dayStartsAt)).toBe(date);
	});

	it("begins the day at midnight unless another start is given", () => {
		expect(venueDayOf(at("2027-06-04T21:59Z"), "Europe/Vienna")).toBe("2027-06-04");
		expect(venueDayOf(at("2027-06-04T22:00Z"), "Europe/Vienna")).toBe("2027-06-05");
	});

	it.each(["24:00", "6:00", "", "noon"])("throws a RangeError for a day that begins at %j", (dayStartsAt) => {
		expect(() => venueDayOf(0, "Europe/Vienna", dayStartsAt)).toThrow(RangeError);
	});
});
