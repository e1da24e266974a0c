/**
 * Finds what the ledger has in buckets that a process does not serve. Such a process must not start: it would settle, reap and rebuild
 * nothing of them.
 */
import { sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { buckets, showtimes } from "../schema/index.ts";
import { bucketOfShowtime } from "./bucket-of-showtime.ts";

/**
 * Returns the smallest bucket at or above `bucketCount` that has a showtime or a row in `buckets`; null when there is none. Reads only.
 * It scans `showtimes` once, because no index knows the bucket of an id: call it at the start of a process.
 */
export async function findBucketBeyond(database: Database, bucketCount: number): Promise<number | null> {
	const [found] = await readFrom(database, "upkeep", (queries) =>
		queries.execute<{ bucket: number | null }>(sql`
			select min(bucket) as bucket
			from (select ${bucketOfShowtime} as bucket from ${showtimes} union all select bucket from ${buckets}) as used
			where bucket >= ${bucketCount}`),
	);
	return found?.bucket ?? null;
}
