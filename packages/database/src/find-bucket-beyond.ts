/** Whether the ledger has something of a bucket that this process would not know of. */
import { sql } from "drizzle-orm";
import { isDatabaseUnavailable } from "./classify-error.ts";
import type { Database } from "./create-database.ts";
import { readFrom } from "./run-queries.ts";

/** The last byte of a showtime's id is its bucket. */
const HIGHEST = sql`
	select greatest(
		(select max(get_byte(uuid_send(id), 15)) from showtimes),
		(select max(bucket) from buckets)
	) as bucket`;

/**
 * What to print when a process with this many buckets must not start: it would leave bookings of the others unrecorded. Null when it may,
 * and when Postgres or its tables are not there yet. Reads all showtimes: for the start alone.
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
	return `The ledger has data of bucket ${highest}, and BUCKETS=${buckets} ends at bucket ${buckets - 1}: set BUCKETS to ${highest + 1} or more, for every process.`;
}

const isMissingTable = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "42P01";
