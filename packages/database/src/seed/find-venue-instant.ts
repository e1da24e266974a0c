/** Calendar days and clock times of a venue, in its own zone. */
import { DAY_MS } from "@holdfast/domain";

const MINUTE_MS = 60_000;

/** The venue's calendar day at an instant, as whole days since 1970-01-01. */
export function venueDayAt(timeZone: string, epochMs: number): number {
	return Math.floor((epochMs + offsetAt(timeZone, epochMs)) / DAY_MS);
}

/** The instant, epoch ms, at which the venue's clock shows `minutes` after midnight of `day`. Not for times that a clock change skips or repeats. */
export function venueInstant(timeZone: string, day: number, minutes: number): number {
	const wallClock = day * DAY_MS + minutes * MINUTE_MS;
	// The offset is asked for at a guess, then at the instant that the guess leads to: right on days when clocks change.
	const guess = wallClock - offsetAt(timeZone, wallClock);
	return wallClock - offsetAt(timeZone, guess);
}

/** How far the venue's clock is ahead of UTC, ms. */
function offsetAt(timeZone: string, epochMs: number): number {
	const parts = new Intl.DateTimeFormat("en-GB", { timeZone, timeZoneName: "longOffset" }).formatToParts(epochMs);
	const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "";
	const [, sign = "+", hours = "0", minutes = "0"] = /^GMT(?:([+-])(\d\d):(\d\d))?$/.exec(name) ?? [];
	const ahead = (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
	return sign === "-" ? -ahead : ahead;
}
