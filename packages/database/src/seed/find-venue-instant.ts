/** Converts between instants and the calendar days and clock times of a venue's time zone. */
import { DAY_MS } from "@holdfast/domain";

const MINUTE_MS = 60_000;

/** Returns the venue's calendar day at an instant, as whole days since 1970-01-01. */
export function venueDayAt(timeZone: string, epochMs: number): number {
	return Math.floor((epochMs + offsetAt(timeZone, epochMs)) / DAY_MS);
}

/**
 * Returns the instant, epoch ms, at which the venue's clock shows `minutes` after midnight of `day`. Do not use it for times that a clock
 * change skips or repeats.
 */
export function venueInstant(timeZone: string, day: number, minutes: number): number {
	const wallClock = day * DAY_MS + minutes * MINUTE_MS;
	// The first offset gives a guess; the offset at that guess gives the result. Two steps are correct on days when clocks change.
	const guess = wallClock - offsetAt(timeZone, wallClock);
	return wallClock - offsetAt(timeZone, guess);
}

/** Returns how far the venue's clock is ahead of UTC, in ms. */
function offsetAt(timeZone: string, epochMs: number): number {
	const parts = new Intl.DateTimeFormat("en-GB", { timeZone, timeZoneName: "longOffset" }).formatToParts(epochMs);
	const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "";
	const [, sign = "+", hours = "0", minutes = "0"] = /^GMT(?:([+-])(\d\d):(\d\d))?$/.exec(name) ?? [];
	const ahead = (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
	return sign === "-" ? -ahead : ahead;
}
