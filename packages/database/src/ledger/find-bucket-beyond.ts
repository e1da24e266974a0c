/** Checks at start whether the ledger has data of buckets beyond the BUCKETS setting of this process. */
import { sql } from "drizzle-orm";
import { isDatabaseUnavailable } from "../classify-error.ts";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { buckets as bucketRows, showtimes } from "../schema/index.ts";
import { bucketOfShowtime } from "./bucket-of-showtime.ts";

const HIGHEST = sql`
	select greatest(
		(select max(${bucketOfShowtime}) from ${showtimes}),
		(select max(${bucketRows.bucket}) from ${bucketRows})
	) as bucket`;

/**
 * Returns the message to print when a process with this number of buckets must not start, because it would never settle the bookings of the
 * other buckets. Returns null when the process may start, and also when Postgres is unreachable or its tables do not exist yet. Reads all
 * showtimes, so call it only at start.
 */
export async function findBucketBeyond(database: Database, buckets: number): Promise<string | null> {
	const highest = await readFrom(database, "upkeep", async (queries) => {
		const [found] = await queries.execute<{ bucket: number | null }>(HIGHEST);
		return found?.bucket ?? null;
	}).catch((error: unknown) => {
		if (isDatabaseUnavailable(error) || isMissingTable(error)) return null;
		throw error;
	});
	if (highest === null || highest < buckets) return null;
	return `The ledger has data of bucket ${highest}, and BUCKETS=${buckets} ends at bucket ${buckets - 1}: set BUCKETS to ${highest + 1} or more for every process, then start again. Nothing was changed.`;
}

const isMissingTable = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "42P01";
