/** Writes the heartbeats of a sweeper, so that health checks find one. */
import { DEFAULT_LIMITS, listBuckets } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";

/** Writes a heartbeat to every bucket. The heartbeats expire after `ttlMs`. */
export async function writeAllHeartbeats(seatStore: SeatStore, ttlMs: number): Promise<void> {
	await Promise.all(listBuckets(DEFAULT_LIMITS).map((bucket) => seatStore.writeHeartbeat(bucket, ttlMs)));
}
