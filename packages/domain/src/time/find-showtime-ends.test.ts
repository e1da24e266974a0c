import { describe, expect, it } from "vitest";
import { CLEANING_MINUTES_DEFAULT, CLEANING_MINUTES_MAX, EXTRA_MINUTES_MAX } from "../limits.ts";
import { findShowtimeEnds } from "./find-showtime-ends.ts";

const at = (text: string) => Date.parse(text);
const length = { startsAt: at("2027-06-04T18:00Z"), durationMinutes: 104, extraMinutes: 15, cleaningMinutes: CLEANING_MINUTES_DEFAULT };

describe("findShowtimeEnds", () => {
	it("ends after movie and extra minutes, and occupies the auditorium for 20 minutes of cleaning more", () => {
		expect(findShowtimeEnds(length)).toEqual({ endsAt: at("2027-06-04T19:59Z"), occupiedUntil: at("2027-06-04T20:19Z") });
	});

	it("accepts no extra minutes and no cleaning", () => {
		const endsAt = at("2027-06-04T19:44Z");
		expect(findShowtimeEnds({ ...length, extraMinutes: 0, cleaningMinutes: 0 })).toEqual({ endsAt, occupiedUntil: endsAt });
	});

	it("accepts both at their greatest, four hours each", () => {
		const greatest = { ...length, extraMinutes: EXTRA_MINUTES_MAX, cleaningMinutes: CLEANING_MINUTES_MAX };
		expect(findShowtimeEnds(greatest)).toEqual({ endsAt: at("2027-06-04T23:44Z"), occupiedUntil: at("2027-06-05T03:44Z") });
	});

	it.each([
		["durationMinutes", 0],
		["durationMinutes", 90.5],
		["extraMinutes", -1],
		["extraMinutes", EXTRA_MINUTES_MAX + 1],
		["cleaningMinutes", -1],
		["cleaningMinutes", CLEANING_MINUTES_MAX + 1],
		["cleaningMinutes", Number.NaN],
	])("throws a RangeError if %s is %d", (name, minutes) => {
		expect(() => findShowtimeEnds({ ...length, [name]: minutes })).toThrow(RangeError);
	});
});
