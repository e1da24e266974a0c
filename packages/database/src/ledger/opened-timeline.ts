/** The timeline that a showtime was last opened under. It is below the bucket's when loss was proven since. */
import { type SQL, sql } from "drizzle-orm";
import { showtimes } from "../schema/index.ts";

/** The timeline of a bucket that never lost anything. A showtime that was opened before timelines were recorded was opened under it. */
const FIRST_TIMELINE = 1;

/** Null: it was never opened. `epoch` is the one before it is opened now. */
export function openedTimelineOf({ timeline, epoch }: { timeline: number | null; epoch: number }): number | null {
	return timeline ?? (epoch > 0 ? FIRST_TIMELINE : null);
}

/** The same of a row, inside a statement. */
export const openedTimeline: SQL<number | null> =
	sql`coalesce(${showtimes.timeline}, case when ${showtimes.redisEpoch} > 0 then ${FIRST_TIMELINE}::integer end)`;
