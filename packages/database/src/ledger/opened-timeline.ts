/** The timeline of the bucket when a showtime was last opened. It is below the bucket's current timeline when a loss was proven since. */
import { type SQL, sql } from "drizzle-orm";
import { showtimes } from "../schema/index.ts";

/** The first timeline of a bucket. It also applies to showtimes that were opened before timelines were recorded. */
const FIRST_TIMELINE = 1;

/** Returns the timeline when the showtime was last opened; null when it was never opened. `epoch` is the epoch before this opening. */
export function openedTimelineOf({ timeline, epoch }: { timeline: number | null; epoch: number }): number | null {
	return timeline ?? (epoch > 0 ? FIRST_TIMELINE : null);
}

/** The same as a SQL expression on a row of `showtimes`. */
export const openedTimeline: SQL<number | null> =
	sql`coalesce(${showtimes.timeline}, case when ${showtimes.redisEpoch} > 0 then ${FIRST_TIMELINE}::integer end)`;
