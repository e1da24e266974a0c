/** Finds the one start that a request asks for. */
import type { PlanOutcome } from "@holdfast/database";
import { findInstants, toLocalTime } from "@holdfast/domain";

/** An instant, or a local time at the venue; the other is undefined. */
export type Start = { readonly startsAt: string | undefined; readonly localStart: string | undefined };

/** Returns the start in the zone of the venue, or why there is no single one. */
export function planOne({ startsAt, localStart = "" }: Start, timeZone: string, nowMs: number): PlanOutcome {
	if (startsAt !== undefined) return planAt(Date.parse(startsAt), timeZone, nowMs);
	const found = findInstants(localStart, timeZone);
	const [date = "", time = ""] = localStart.split("T");
	switch (found.outcome) {
		case "once":
			return planAt(found.instant, timeZone, nowMs);
		case "twice":
			return { outcome: "time_ambiguous", first: found.first, second: found.second };
		case "skipped":
			return { outcome: "planned", starts: [{ date, time, outcome: "time_skipped", before: found.before, after: found.after }] };
		case "invalid_local_time":
			return { outcome: "invalid_schedule", errors: [{ pointer: "/localStart", message: "is not a date and time that exist" }] };
	}
}

function planAt(startsAt: number, timeZone: string, nowMs: number): PlanOutcome {
	const { date, time } = toLocalTime(startsAt, timeZone);
	return { outcome: "planned", starts: [{ date, time, outcome: startsAt > nowMs ? "starts" : "showtime_in_past", startsAt }] };
}
