/** Makes health checks believe that a sweeper is running. */
import { DEFAULT_LIMITS, listBuckets } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";

/** Marks every bucket as swept, for `ttlMs`. */
export async function writeAllHeartbeats(seatStore: SeatStore, ttlMs: number): Promise<void> {
	await Promise.all(listBuckets(DEFAULT_LIMITS).map((bucket) => seatStore.writeHeartbeat(bucket, ttlMs)));
}
