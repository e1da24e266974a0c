/**
 * A slow second source for tests of time zones: reads the clock of a zone field by field, where the code under test reads the name of the
 * offset, and finds clock changes by search.
 */
import { DAY_MS } from "../lifetimes.ts";

/** From `atMs` on, the clock is `newOffsetMs` ahead of UTC, before that `oldOffsetMs`. */
export type ClockChange = { readonly atMs: number; readonly oldOffsetMs: number; readonly newOffsetMs: number };

/** Two changes that are closer together may be missed. None are: see find-instants.ts. */
const STEP_MS = 3 * DAY_MS;

/** Returns a function that returns what the clock of a zone shows at an instant, as the epoch ms of the same reading in UTC. */
export function clockOf(timeZone: string): (instantMs: number) => number {
	const digits = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" } as const;
	const format = new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", ...digits });
	return (instantMs) => {
		const fields = new Map(format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
		const [year, month, day, hour, minute, second] = (["year", "month", "day", "hour", "minute", "second"] as const).map(
			(name) => fields.get(name) ?? Number.NaN,
		);
		return Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
	};
}

/** Returns the changes of a zone's clock between two instants of whole seconds, in order. */
export function findClockChanges(timeZone: string, fromMs: number, untilMs: number): ClockChange[] {
	const clock = clockOf(timeZone);
	const offsetAt = (instantMs: number) => clock(instantMs) - instantMs;
	const changes: ClockChange[] = [];
	for (let stepMs = fromMs; stepMs < untilMs; stepMs += STEP_MS) {
		let before = stepMs;
		let after = Math.min(stepMs + STEP_MS, untilMs);
		const oldOffsetMs = offsetAt(before);
		const newOffsetMs = offsetAt(after);
		if (oldOffsetMs === newOffsetMs) continue;
		while (after - before > 1000) {
			const middle = Math.floor((before + after) / 2000) * 1000;
			if (offsetAt(middle) === oldOffsetMs) before = middle;
			else after = middle;
		}
		changes.push({ atMs: after, oldOffsetMs, newOffsetMs });
	}
	return changes;
}
