/** Settles every bucket once, as the sweeper does, for tests of packages that cannot import the sweeper. */
import { type Database, settleBatch } from "@holdfast/database";
import { DEFAULT_LIMITS, isBookingEvent, listBuckets } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";

/** More entries than any test has in one bucket. */
const ENTRIES_MAX = 500;

type Stores = { readonly seatStore: SeatStore; readonly database: Database };

/**
 * Moves the outbox of every bucket to the ledger. Returns how many entries were settled, and how many wait for a rebuild of their
 * showtime. Throws if another process is settling a bucket.
 */
export async function settleAll({ seatStore, database }: Stores): Promise<{ settled: number; waitingForRebuild: number }> {
	const total = { settled: 0, waitingForRebuild: 0 };
	for (const bucket of listBuckets(DEFAULT_LIMITS)) {
		const entries = await seatStore.readBatch(bucket, { afterEntryId: null, limit: ENTRIES_MAX });
		if (entries.length === 0) continue;
		const outcome = await settleBatch(database, { bucket, entries });
		if (outcome.outcome !== "settled") throw new Error(`bucket ${bucket} was not settled: ${outcome.outcome}`);
		const done = entries.filter(({ entryId }) => outcome.acked.includes(entryId));
		const acks = done.map(({ entryId, event }) => ({
			entryId,
			booking: event && isBookingEvent(event) ? { id: event.bookingId, version: event.version } : null,
		}));
		await seatStore.ackBatch(bucket, acks);
		total.settled += done.length;
		total.waitingForRebuild += entries.length - done.length;
	}
	return total;
}
