import { afterEach, describe, expect, it, vi } from "vitest";
import { TIME_ZONE_CHARS_MAX } from "../limits.ts";
import { isTimeZone, offsetAt } from "./time-zone.ts";

const HOUR_MS = 3_600_000;

afterEach(() => {
	vi.restoreAllMocks();
});

describe("isTimeZone", () => {
	it.each([
		...["Europe/London", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Calcutta", "Africa/Dar_es_Salaam", "America/Port-au-Prince"],
		...["America/Argentina/ComodRivadavia", "America/North_Dakota/New_Salem", "Antarctica/DumontDUrville", "Australia/ACT"],
		...["US/Eastern", "Etc/GMT+5", "Etc/UTC", "UTC"],
	])("accepts the IANA name %s", (name) => {
		expect(isTimeZone(name)).toBe(true);
	});

	it("accepts every zone that Intl lists", () => {
		const zones = Intl.supportedValuesOf("timeZone");
		expect(zones.length).toBeGreaterThan(400);
		expect(zones.filter((name) => !isTimeZone(name))).toEqual([]);
	});

	it.each(["+01:00", "-05:30", "+01", "PST", "EST", "ACT", "GB", "EST5EDT", "europe/london", "Europe/LONDON", "utc", "SystemV/AST4"])(
		"refuses %s, which Intl accepts",
		(name) => {
			expect(() => new Intl.DateTimeFormat("en-US", { timeZone: name })).not.toThrow();
			expect(isTimeZone(name)).toBe(false);
		},
	);

	it.each(["", "Europe", "Europe/", "/London", "Europe/Atlantis", "Europe/London ", " Europe/London", "Europe/London\n", "Etc/Unknown"])(
		"refuses the unknown zone %j",
		(name) => {
			expect(isTimeZone(name)).toBe(false);
		},
	);

	it("asks Intl about a name of the greatest length, and refuses a longer one without asking", () => {
		const constructed = vi.spyOn(Intl, "DateTimeFormat");
		expect(isTimeZone(`Europe/${"A".repeat(TIME_ZONE_CHARS_MAX - 7)}`)).toBe(false);
		expect(constructed).toHaveBeenCalledTimes(1);
		expect(isTimeZone(`Europe/${"A".repeat(TIME_ZONE_CHARS_MAX - 6)}`)).toBe(false);
		expect(constructed).toHaveBeenCalledTimes(1);
	});
});

describe("offsetAt", () => {
	it.each([
		["UTC", 0],
		["Europe/Vienna", 1 * HOUR_MS],
		["America/St_Johns", -3.5 * HOUR_MS],
		["Asia/Kathmandu", 5.75 * HOUR_MS],
		["Pacific/Kiritimati", 14 * HOUR_MS],
		["Pacific/Pago_Pago", -11 * HOUR_MS],
	])("%s is ahead of UTC by %i ms in January 2027", (timeZone, offsetMs) => {
		expect(offsetAt(timeZone, Date.UTC(2027, 0))).toBe(offsetMs);
	});

	it("reads the seconds of an old offset", () => {
		expect(offsetAt("Africa/Monrovia", 0)).toBe(-(44 * 60 + 30) * 1000);
	});

	it("throws a RangeError for an unknown zone", () => {
		expect(() => offsetAt("Europe/Atlantis", 0)).toThrow(RangeError);
	});

	it("keeps the formatters of the last 64 zones, so that many questions about one zone cost one formatter", () => {
		const zones = Intl.supportedValuesOf("timeZone").slice(0, 65);
		const [first = ""] = zones;
		for (const zone of zones.slice(1)) offsetAt(zone, 0);
		const constructed = vi.spyOn(Intl, "DateTimeFormat");
		for (let round = 0; round < 500; round++) for (const zone of zones.slice(-10)) offsetAt(zone, round);
		expect(constructed).toHaveBeenCalledTimes(0);
		offsetAt(first, 0);
		offsetAt(first, 0);
		expect(constructed).toHaveBeenCalledTimes(1);
		for (const zone of zones.slice(1)) offsetAt(zone, 0);
		expect(constructed.mock.calls.length).toBeGreaterThan(1);
	});
});
