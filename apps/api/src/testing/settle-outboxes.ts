/** Settles the outboxes of all buckets once, as the sweeper would: writes confirms and cancels into the ledger. */
import { createDatabase } from "@holdfast/database";
import { settleAll } from "@holdfast/rebuild/testing";
import type { SeatStore } from "@holdfast/seat-store";

/** Settles all entries. Throws if entries remain. */
export async function settleOutboxes(seatStore: SeatStore, databaseUrl: string): Promise<void> {
	const database = createDatabase({ url: databaseUrl });
	const { waitingForRebuild } = await settleAll({ seatStore, database });
	await database.close();
	if (waitingForRebuild > 0) throw new Error(`${waitingForRebuild} entries were not settled`);
}
