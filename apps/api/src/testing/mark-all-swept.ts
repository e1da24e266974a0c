/** For tests: Redis hears of a sweeper in every bucket. */
import { DEFAULT_LIMITS, listBuckets } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";

export async function markAllSwept(seatStore: SeatStore, ttlMs: number): Promise<void> {
	await Promise.all(listBuckets(DEFAULT_LIMITS).map((bucket) => seatStore.markSwept(bucket, ttlMs)));
}
