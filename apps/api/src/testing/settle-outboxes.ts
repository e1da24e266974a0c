/** What the sweeper does, once and for all buckets: brings what was confirmed and cancelled into the ledger. */
import { createDatabase } from "@holdfast/database";
import { settleAll } from "@holdfast/rebuild/testing";
import type { SeatStore } from "@holdfast/seat-store";

/** Throws when an entry was left. */
export async function settleOutboxes(seatStore: SeatStore, databaseUrl: string): Promise<void> {
	const database = createDatabase({ url: databaseUrl });
	const { waitingForRebuild } = await settleAll({ seatStore, database });
	await database.close();
	if (waitingForRebuild > 0) throw new Error(`${waitingForRebuild} entries were not settled`);
}
