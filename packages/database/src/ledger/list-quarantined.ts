/**
 * Lists quarantined showtimes: those that were last opened under an older timeline than the current one of their bucket. A loss was proven
 * since then, so their seats that appear free are kept off sale until an operator opens them or the quarantine time is over.
 */
import type { ShowtimeId } from "@holdfast/domain";
import { and, asc, count, gt, ne, type SQL, sql } from "drizzle-orm";
import type { Database, ReadQueries } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { buckets, showtimes } from "../schema/index.ts";
import { bucketOfShowtime } from "./bucket-of-showtime.ts";
import { openedTimeline } from "./opened-timeline.ts";

/** A showtime with free seats that are kept off sale. */
export type QuarantinedShowtime = {
	readonly showtimeId: ShowtimeId;
	readonly bucket: number;
	/** The timeline when the showtime was last opened. The current timeline of its bucket is higher. */
	readonly timeline: number;
	/** Epoch ms. */
	readonly endsAt: number;
};

/** The maximum number of rows in one result. Further showtimes appear once these have been opened. */
const LIST_MAX = 1_000;

type ListRequest = { readonly limit?: number };

/** Returns the quarantined showtimes that have neither ended nor been cancelled, by start; at most `limit`. */
export function listQuarantined(database: Database, { limit = LIST_MAX }: ListRequest = {}): Promise<QuarantinedShowtime[]> {
	return readFrom(database, "administration", (queries) => selectQuarantined(queries, limit));
}

/** Returns those of them whose bucket's timeline started at least `quarantineMs` ago. Their next rebuild ends the quarantine. */
export function listQuarantineEnded(
	database: Database,
	quarantineMs: number,
	{ limit = LIST_MAX }: ListRequest = {},
): Promise<QuarantinedShowtime[]> {
	return readFrom(database, "upkeep", (queries) => selectQuarantined(queries, limit, isQuarantineOver(quarantineMs)));
}

/** Returns the number of quarantined showtimes that have neither ended nor been cancelled. */
export function countQuarantined(database: Database): Promise<number> {
	return readFrom(database, "administration", async (queries) => {
		const [row] = await queries.select({ showtimes: count() }).from(showtimes).innerJoin(buckets, isOnOlderTimeline).where(isNotOver);
		return row?.showtimes ?? 0;
	});
}

/** A SQL expression on a row of `buckets`: whether a quarantine of `quarantineMs` is over; null when the first timeline is current. */
export function isQuarantineOver(quarantineMs: number | null): SQL<boolean | null> {
	return sql`now() >= ${buckets.timelineStartedAt} + ${quarantineMs}::float8 * interval '1 millisecond'`;
}

/** The join condition of `showtimes` and `buckets`: the bucket of the showtime, and a timeline older than the current one. */
export const isOnOlderTimeline = and(sql`${buckets.bucket} = ${bucketOfShowtime}`, sql`${openedTimeline} < ${buckets.timeline}`);
/** Running and upcoming showtimes. A cancelled showtime sells nothing, so its quarantine does not matter. */
const isNotOver = and(gt(showtimes.endsAt, sql`now()`), ne(showtimes.state, "cancelled"));

async function selectQuarantined(queries: ReadQueries, limit: number, condition?: SQL): Promise<QuarantinedShowtime[]> {
	const rows = await queries
		.select({ showtimeId: showtimes.id, bucket: buckets.bucket, timeline: sql<number>`${openedTimeline}`, endsAt: showtimes.endsAt })
		.from(showtimes)
		.innerJoin(buckets, isOnOlderTimeline)
		.where(and(isNotOver, condition))
		.orderBy(asc(showtimes.startsAt), asc(showtimes.id))
		.limit(limit);
	return rows.map((row) => ({ ...row, endsAt: row.endsAt.getTime() }));
}
