/** Ask about several ids: one call for each bucket that they lie in. */
import { type BookingId, bucketOf, type ShowtimeId } from "@holdfast/domain";
import type { Redis } from "ioredis";
import type { Lanes } from "./command.ts";
import { atBucket } from "./place.ts";

/** `run` reads about the ids of one bucket. Gives its answers; rejects if one bucket's call does. */
export const inEachBucket = <Id extends ShowtimeId | BookingId, Answer>(
	lanes: Pick<Lanes, "read">,
	ids: readonly Id[],
	run: (redis: Redis, ids: readonly Id[], bucket: number) => Promise<Answer>,
): Promise<Answer[]> =>
	Promise.all([...Map.groupBy(ids, bucketOf)].map(([bucket, here]) => lanes.read(atBucket(bucket), (redis) => run(redis, here, bucket))));
