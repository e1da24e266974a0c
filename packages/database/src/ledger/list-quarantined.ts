/**
 * Showtimes that were last opened under an older timeline than their bucket has: loss was proven since, so their
 * seats that look free are kept back until a person opens them or their time is over.
 */
import type { ShowtimeId } from "@holdfast/domain";
import { and, asc, count, gt, ne, type SQL, sql } from "drizzle-orm";
import type { Database, ReadQueries } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { buckets, showtimes } from "../schema/index.ts";
import { bucketOfShowtime } from "./bucket-of-showtime.ts";
import { openedTimeline } from "./opened-timeline.ts";

export type QuarantinedShowtime = {
	readonly showtimeId: ShowtimeId;
	readonly bucket: number;
	/** The timeline it was last opened under; its bucket's is higher. */
	readonly timeline: number;
	/** Epoch ms. */
	readonly endsAt: number;
};

/** Rows in one answer; the next ones come when these have been opened. */
const LIST_MAX = 1_000;

type ListRequest = { readonly limit?: number };

/** Those that are not over or cancelled, the next to start first; at most `limit`. */
export function listQuarantined(database: Database, { limit = LIST_MAX }: ListRequest = {}): Promise<QuarantinedShowtime[]> {
	return readFrom(database, "upkeep", (queries) => selectQuarantined(queries, limit));
}

/** Those of them whose bucket's timeline rose `quarantineMs` ago or earlier: the next one who rebuilds them opens them. */
export function listQuarantineEnded(
	database: Database,
	quarantineMs: number,
	{ limit = LIST_MAX }: ListRequest = {},
): Promise<QuarantinedShowtime[]> {
	return readFrom(database, "upkeep", (queries) => selectQuarantined(queries, limit, isQuarantineOver(quarantineMs)));
}

/** How many there are. */
export function countQuarantined(database: Database): Promise<number> {
	return readFrom(database, "upkeep", async (queries) => {
		const [row] = await queries.select({ showtimes: count() }).from(showtimes).innerJoin(buckets, isBehind).where(isToCome);
		return row?.showtimes ?? 0;
	});
}

/** Whether a quarantine of `quarantineMs` is over, of a row of `buckets`; null when its timeline never rose. */
export function isQuarantineOver(quarantineMs: number | null): SQL<boolean | null> {
	return sql`now() >= ${buckets.timelineStartedAt} + ${quarantineMs}::float8 * interval '1 millisecond'`;
}

/** A showtime beside its bucket, if it was last opened under an older timeline. */
export const isBehind = and(sql`${buckets.bucket} = ${bucketOfShowtime}`, sql`${openedTimeline} < ${buckets.timeline}`);
/** A cancelled showtime sells nothing, opened or not. */
const isToCome = and(gt(showtimes.endsAt, sql`now()`), ne(showtimes.state, "cancelled"));

async function selectQuarantined(queries: ReadQueries, limit: number, which?: SQL): Promise<QuarantinedShowtime[]> {
	const rows = await queries
		.select({ showtimeId: showtimes.id, bucket: buckets.bucket, timeline: sql<number>`${openedTimeline}`, endsAt: showtimes.endsAt })
		.from(showtimes)
		.innerJoin(buckets, isBehind)
		.where(and(isToCome, which))
		.orderBy(asc(showtimes.startsAt), asc(showtimes.id))
		.limit(limit);
	return rows.map((row) => ({ ...row, endsAt: row.endsAt.getTime() }));
}
