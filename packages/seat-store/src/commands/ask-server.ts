/** Commands about a Redis server itself (clock, replication id, INFO, PING) and the heartbeat that sweepers leave in each bucket. */
import type { Redis } from "ioredis";
import { across, read, write } from "../command.ts";
import { inspectServer as readInfo } from "../inspect-server.ts";
import { bucketKeys } from "../keys.ts";
import { atBucket, WHOLE_STORE } from "../place.ts";
import { readInteger, readList, readText } from "../reply.ts";

/** The clock of the bucket's Redis server, epoch ms. The scripts decide by this clock whether a hold has expired. */
export const now = read({
	place: (bucket: number) => atBucket(bucket),
	run: (redis) => readNow(redis),
});

/** The clock of the server behind `redis`, epoch ms. */
export async function readNow(redis: Redis): Promise<number> {
	return readTime(await redis.time());
}

/** Parses a reply of TIME into epoch milliseconds. Throws when the reply has another shape. */
export function readTime(time: unknown): number {
	const [seconds, micros] = readList(time);
	return readInteger(seconds) * 1000 + Math.floor(readInteger(micros) / 1000);
}

/** The replication id of the bucket's Redis server. The id changes whenever the server restarts or a replica is promoted. */
export const replicationId = read({
	place: (bucket: number) => atBucket(bucket),
	run: async (redis) => readText((await readInfo(redis, "replication")).master_replid),
});

/** One section of the server's INFO, as text values by field name. */
export const inspectServer = read({
	place: (_section: "commandstats" | "memory" | "persistence" | "replication" | "server") => WHOLE_STORE,
	run: (redis, _context, section) => readInfo(redis, section),
});

/** Resolves when Redis answers a PING. Throws `SeatStoreFault` when it does not. */
export const ping = read({
	place: () => WHOLE_STORE,
	run: async (redis) => void (await redis.ping()),
});

/** Writes the heartbeat of a sweeper that reaches the bucket. It expires after `ttlMs`; a repeat renews it. */
export const writeHeartbeat = write({
	place: (bucket: number, _ttlMs: number) => atBucket(bucket),
	run: async (redis, _context, bucket, ttlMs) => void (await redis.set(bucketKeys(bucket).heartbeat, "1", "PX", ttlMs)),
});

/** Returns the buckets whose heartbeat has expired or was never written. Throws `SeatStoreFault` when any bucket does not answer. */
export const listBucketsWithoutHeartbeat = across((lanes) => async (): Promise<number[]> => {
	const hasHeartbeat = (bucket: number) => lanes.read(atBucket(bucket), (redis) => redis.exists(bucketKeys(bucket).heartbeat));
	const found = await Promise.all(lanes.buckets.map(hasHeartbeat));
	return lanes.buckets.filter((_, i) => found[i] === 0);
});
