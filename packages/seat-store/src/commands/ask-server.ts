/** Questions to a server itself: its clock, its history, what it says of itself; and the sign of life of the sweeper. */
import type { Redis } from "ioredis";
import { across, read, write } from "../command.ts";
import { inspectServer as readInfo } from "../inspect-server.ts";
import { bucketKeys } from "../keys.ts";
import { atBucket, WHOLE_STORE } from "../place.ts";
import { readInteger, readList, readText } from "../reply.ts";

/** The clock that judges the holds of a bucket, epoch ms. */
export const now = read({
	place: (bucket: number) => atBucket(bucket),
	run: (redis) => readNow(redis),
});

export async function readNow(redis: Redis): Promise<number> {
	return readTime(await redis.time());
}

/** What TIME replies, in epoch milliseconds. */
export function readTime(time: unknown): number {
	const [seconds, micros] = readList(time);
	return readInteger(seconds) * 1000 + Math.floor(readInteger(micros) / 1000);
}

/** Names the history that a bucket's server has: another whenever it has started, or another server has taken over. */
export const replicationId = read({
	place: (bucket: number) => atBucket(bucket),
	run: async (redis) => readText((await readInfo(redis, "replication")).master_replid),
});

/** What the server says of itself: one section of INFO, by field. */
export const inspectServer = read({
	place: (_section: "commandstats" | "memory" | "persistence" | "replication" | "server") => WHOLE_STORE,
	run: (redis, _context, section) => readInfo(redis, section),
});

/** Answers or throws. */
export const ping = read({
	place: () => WHOLE_STORE,
	run: async (redis) => void (await redis.ping()),
});

/** A sweeper says that it reaches the bucket; true for `ttlMs`. */
export const markSwept = write({
	place: (bucket: number, _ttlMs: number) => atBucket(bucket),
	run: async (redis, _context, bucket, ttlMs) => void (await redis.set(bucketKeys(bucket).swept, "1", "PX", ttlMs)),
});

/** The buckets that no sweeper reaches. Fails if a bucket does not answer. */
export const listUnsweptBuckets = across((lanes) => async (): Promise<number[]> => {
	const isSwept = (bucket: number) => lanes.read(atBucket(bucket), (redis) => redis.exists(bucketKeys(bucket).swept));
	const found = await Promise.all(lanes.buckets.map(isSwept));
	return lanes.buckets.filter((_, i) => found[i] === 0);
});
