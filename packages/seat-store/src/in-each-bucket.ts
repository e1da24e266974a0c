/** Reads about several ids with one call for each bucket that they belong to. */
import { type BookingId, bucketOf, type ShowtimeId } from "@holdfast/domain";
import type { Redis } from "ioredis";
import type { Lanes } from "./command.ts";
import { atBucket } from "./place.ts";

/**
 * Groups the ids by bucket and runs one read per bucket. Resolves to the answers of the buckets, in no particular order of the
 * ids. Rejects when the call to any bucket fails.
 */
export const inEachBucket = <Id extends ShowtimeId | BookingId, Answer>(
	lanes: Pick<Lanes, "read">,
	ids: readonly Id[],
	run: (redis: Redis, ids: readonly Id[], bucket: number) => Promise<Answer>,
): Promise<Answer[]> =>
	Promise.all([...Map.groupBy(ids, bucketOf)].map(([bucket, here]) => lanes.read(atBucket(bucket), (redis) => run(redis, here, bucket))));
