import { describe, expect, it } from "vitest";
import { DAY_MS, MINUTE_MS } from "../lifetimes.ts";
import { type ClockChange, clockOf, findClockChanges } from "../testing/find-clock-changes.ts";
import { findInstants, findInstantsOn } from "./find-instants.ts";
import { toLocalTime } from "./to-local-time.ts";

/** Zones, and the years whose clock changes are compared minute by minute: by 20 minutes to 24 hours, at all times of day, of both hemispheres. */
const COMPARED: readonly (readonly [timeZone: string, firstYear: number, lastYear: number])[] = [
	["Africa/Cairo", 2010, 2010],
	["Africa/Cairo", 2014, 2014],
	["Africa/Casablanca", 2018, 2020],
	["Africa/Casablanca", 2026, 2026],
	["Africa/El_Aaiun", 2023, 2023],
	["Africa/Monrovia", 1919, 1919],
	["Africa/Monrovia", 1972, 1972],
	["America/Havana", 2027, 2027],
	["America/Juneau", 1867, 1867],
	["America/Juneau", 1900, 1900],
	["America/New_York", 2027, 2027],
	["America/Nuuk", 2023, 2024],
	["America/Santiago", 2027, 2027],
	["America/Sao_Paulo", 2018, 2019],
	["America/St_Johns", 1988, 1988],
	["America/St_Johns", 2007, 2007],
	["Antarctica/Troll", 2027, 2027],
	["Asia/Gaza", 2040, 2040],
	["Asia/Kathmandu", 1985, 1986],
	["Asia/Pyongyang", 2015, 2018],
	["Asia/Tehran", 2022, 2022],
	["Australia/Lord_Howe", 1981, 1981],
	["Australia/Lord_Howe", 2027, 2027],
	["Australia/Sydney", 2027, 2027],
	["Europe/Amsterdam", 1937, 1937],
	["Europe/Berlin", 1945, 1947],
	["Europe/Dublin", 1916, 1916],
	["Europe/London", 1968, 1971],
	["Europe/London", 2027, 2027],
	["Pacific/Apia", 2011, 2012],
	["Pacific/Chatham", 2027, 2027],
	["Pacific/Kiritimati", 1994, 1995],
	["Pacific/Kwajalein", 1969, 1969],
	["Pacific/Kwajalein", 1993, 1993],
];
const ZONES = [...new Set([...COMPARED.map(([timeZone]) => timeZone), "Asia/Kolkata", "UTC"])];
/** About thirteen months: every season, time of day and second comes up. */
const SAMPLE_STEP_MS = 397 * DAY_MS + 7 * 3_600_000 + 1_234_000;
const SAMPLES_FROM_MS = Date.UTC(1840, 0);
const SAMPLES_UNTIL_MS = Date.UTC(2090, 0);

const at = (text: string) => Date.parse(text);
const localTextOf = (wallMs: number) => new Date(wallMs).toISOString().slice(0, 16);

describe("findInstants", () => {
	it.each([
		["Europe/Vienna", "2027-03-28T20:15", "2027-03-28T18:15Z"],
		["Europe/Vienna", "2027-03-28T01:59", "2027-03-28T00:59Z"],
		["Europe/Vienna", "2027-03-28T03:00", "2027-03-28T01:00Z"],
		["Europe/Vienna", "2027-10-31T01:59", "2027-10-30T23:59Z"],
		["Europe/Vienna", "2027-10-31T03:00", "2027-10-31T02:00Z"],
		["Asia/Kathmandu", "2027-01-01T00:00", "2026-12-31T18:15Z"],
		["America/St_Johns", "2027-07-01T12:00", "2027-07-01T14:30Z"],
		["Africa/Monrovia", "1970-01-01T00:00", "1970-01-01T00:44:30Z"],
		["Pacific/Kiritimati", "2027-01-01T00:00", "2026-12-31T10:00Z"],
		["Europe/London", "1970-01-01T12:00", "1970-01-01T11:00Z"],
		["UTC", "2028-02-29T23:59", "2028-02-29T23:59Z"],
		["UTC", "1000-01-01T00:00", "1000-01-01T00:00Z"],
		["UTC", "9999-12-31T23:59", "9999-12-31T23:59Z"],
	])("the clocks of %s show %s once", (timeZone, localTime, instant) => {
		expect(findInstants(localTime, timeZone)).toEqual({ outcome: "once", instant: at(instant) });
	});

	it.each([
		["Europe/Vienna", "2027-03-28T02:00", "2027-03-28T00:00Z", "2027-03-28T01:00Z"],
		["Europe/Vienna", "2027-03-28T02:59", "2027-03-28T00:59Z", "2027-03-28T01:59Z"],
		["America/New_York", "2027-03-14T02:30", "2027-03-14T06:30Z", "2027-03-14T07:30Z"],
		["Australia/Lord_Howe", "2027-10-03T02:15", "2027-10-02T15:15Z", "2027-10-02T15:45Z"],
		["Antarctica/Troll", "2027-03-28T02:30", "2027-03-28T00:30Z", "2027-03-28T02:30Z"],
		["America/Havana", "2027-03-14T00:30", "2027-03-14T04:30Z", "2027-03-14T05:30Z"],
		["Pacific/Apia", "2011-12-30T20:00", "2011-12-30T06:00Z", "2011-12-31T06:00Z"],
	])("a clock change of %s skips %s", (timeZone, localTime, before, after) => {
		expect(findInstants(localTime, timeZone)).toEqual({ outcome: "skipped", before: at(before), after: at(after) });
	});

	it("a skipped 02:30 lies between the instants that the clock calls 01:30 and 03:30", () => {
		const found = findInstants("2027-03-28T02:30", "Europe/Vienna");
		if (found.outcome !== "skipped") throw new Error(`02:30 is ${found.outcome}`);
		expect(toLocalTime(found.before, "Europe/Vienna").time).toBe("01:30");
		expect(toLocalTime(found.after, "Europe/Vienna").time).toBe("03:30");
	});

	it.each([
		["Europe/Vienna", "2027-10-31T02:00", "2027-10-31T00:00Z", "2027-10-31T01:00Z"],
		["Europe/Vienna", "2027-10-31T02:59", "2027-10-31T00:59Z", "2027-10-31T01:59Z"],
		["Australia/Lord_Howe", "2027-04-04T01:45", "2027-04-03T14:45Z", "2027-04-03T15:15Z"],
		["Africa/Casablanca", "2026-02-15T02:30", "2026-02-15T01:30Z", "2026-02-15T02:30Z"],
		["Antarctica/Troll", "2027-10-31T01:30", "2027-10-30T23:30Z", "2027-10-31T01:30Z"],
		["America/Sao_Paulo", "2018-02-17T23:30", "2018-02-18T01:30Z", "2018-02-18T02:30Z"],
		["Pacific/Kwajalein", "1969-09-30T12:00", "1969-09-30T01:00Z", "1969-10-01T00:00Z"],
	])("a clock change of %s repeats %s", (timeZone, localTime, first, second) => {
		expect(findInstants(localTime, timeZone)).toEqual({ outcome: "twice", first: at(first), second: at(second) });
	});

	it.each([
		...["", "2027-03-28", "20:15", "2027-03-28 20:15", "2027-03-28T20:15:00", "2027-03-28T20:15Z", "2027-03-28T20:15+01:00"],
		...["2027-02-29T20:15", "2027-04-31T20:15", "2027-13-01T20:15", "2027-00-10T20:15", "2027-03-28T24:00", "2027-03-28T20:60"],
		...["2027-03-28T9:15", "0999-12-31T23:59", "10000-01-01T00:00", "+02027-03-28T20:15", "2027-03-28T20:15T", " 2027-03-28T20:15"],
	])("refuses %j, which is not a local time", (localTime) => {
		expect(findInstants(localTime, "Europe/Vienna")).toEqual({ outcome: "invalid_local_time" });
	});

	it("throws a RangeError for an unknown zone", () => {
		expect(() => findInstants("2027-03-28T20:15", "Europe/Atlantis")).toThrow(RangeError);
	});

	it("1,470 minutes after midnight is half past midnight of the next day", () => {
		expect(findInstantsOn("2027-03-27", 1_470, "Europe/Vienna")).toEqual(findInstants("2027-03-28T00:30", "Europe/Vienna"));
	});
});

describe("findInstants beside a search of every minute", () => {
	it.each(COMPARED)("agrees around the clock changes of %s from %i to %i", (timeZone, firstYear, lastYear) => {
		const changes = findClockChanges(timeZone, Date.UTC(firstYear, 0), Date.UTC(lastYear + 1, 0));
		expect(changes).not.toEqual([]);
		for (const change of changes) compareAround(timeZone, change);
	});

	it.each(ZONES)("finds an instant of %s by its local time, in all years", (timeZone) => {
		const clock = clockOf(timeZone);
		for (let sampleMs = SAMPLES_FROM_MS; sampleMs < SAMPLES_UNTIL_MS; sampleMs += SAMPLE_STEP_MS) {
			const instantMs = sampleMs - (((clock(sampleMs) % MINUTE_MS) + MINUTE_MS) % MINUTE_MS);
			const { date, time } = toLocalTime(instantMs, timeZone);
			expect(`${date}T${time}`).toBe(localTextOf(clock(instantMs)));
			expect(instantsOf(findInstants(`${date}T${time}`, timeZone))).toContain(instantMs);
		}
	});
});

/** Compares every local minute around a clock change with all instants that the clock shows it at. */
function compareAround(timeZone: string, { atMs, oldOffsetMs, newOffsetMs }: ClockChange): void {
	const clock = clockOf(timeZone);
	const moveMs = newOffsetMs - oldOffsetMs;
	const reachMs = Math.ceil(Math.abs(moveMs) / MINUTE_MS) * MINUTE_MS + 90 * MINUTE_MS;
	const instantsByWallMs = new Map<number, number[]>();
	// Each minute of the clock is whole by the old or by the new offset, even where offsets have seconds.
	const instants = [oldOffsetMs, newOffsetMs].flatMap((offsetMs) => {
		const firstMs = Math.ceil((atMs - reachMs + offsetMs) / MINUTE_MS) * MINUTE_MS - offsetMs;
		return Array.from({ length: (2 * reachMs) / MINUTE_MS }, (_, minute) => firstMs + minute * MINUTE_MS);
	});
	for (const instantMs of new Set(instants)) {
		const wallMs = clock(instantMs);
		instantsByWallMs.set(
			wallMs,
			[...(instantsByWallMs.get(wallMs) ?? []), instantMs].toSorted((a, b) => a - b),
		);
	}
	const marginMs = 60 * MINUTE_MS;
	const firstWallMs = Math.ceil((atMs + Math.min(oldOffsetMs, newOffsetMs) - marginMs) / MINUTE_MS) * MINUTE_MS;
	const untilWallMs = atMs + Math.max(oldOffsetMs, newOffsetMs) + marginMs;
	const wallsMs = Array.from(
		{ length: Math.ceil((untilWallMs - firstWallMs) / MINUTE_MS) },
		(_, minute) => firstWallMs + minute * MINUTE_MS,
	);
	const found = wallsMs.map((wallMs) => ({ wallMs, found: findInstants(localTextOf(wallMs), timeZone) }));
	expect(found.map((one) => instantsOf(one.found))).toEqual(wallsMs.map((wallMs) => instantsByWallMs.get(wallMs) ?? []));
	const skipped = found.flatMap((one) => (one.found.outcome === "skipped" ? [{ wallMs: one.wallMs, ...one.found }] : []));
	expect(skipped.length > 0).toBe(moveMs >= MINUTE_MS);
	expect(skipped.filter(({ before, after }) => before >= atMs || after < atMs)).toEqual([]);
	expect(skipped.filter(({ wallMs, before }) => clock(before) !== wallMs - moveMs)).toEqual([]);
	expect(skipped.filter(({ wallMs, after }) => clock(after) !== wallMs + moveMs)).toEqual([]);
}

function instantsOf(found: ReturnType<typeof findInstants>): number[] {
	if (found.outcome === "once") return [found.instant];
	return found.outcome === "twice" ? [found.first, found.second] : [];
}
