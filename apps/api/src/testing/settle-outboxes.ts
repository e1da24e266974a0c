/** What the sweeper does, once and for all buckets: brings what was confirmed and cancelled into the ledger. */
import { createDatabase, settleBatch } from "@holdfast/database";
import { DEFAULT_LIMITS, isBookingEvent, listBuckets } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";

export async function settleOutboxes(seatStore: SeatStore, databaseUrl: string): Promise<void> {
	const database = createDatabase({ url: databaseUrl });
	for (const bucket of listBuckets(DEFAULT_LIMITS)) {
		const entries = await seatStore.readBatch(bucket, { afterEntryId: null, limit: 500 });
		if (entries.length === 0) continue;
		const outcome = await settleBatch(database, { bucket, entries, leftBefore: new Set() });
		if (outcome.outcome !== "settled" || outcome.acked.length !== entries.length) throw new Error("not every entry was settled");
		const acks = entries.map(({ entryId, event }) => ({
			entryId,
			booking: event && isBookingEvent(event) ? { id: event.bookingId, version: event.version } : null,
		}));
		await seatStore.ackBatch(bucket, acks);
	}
	await database.close();
}
