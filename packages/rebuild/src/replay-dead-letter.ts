/** Puts a dead letter back into the outbox, for after its cause is fixed. */
import { type AuditOrigin, type Database, type DeadLetter, resolveDeadLetter } from "@holdfast/database";
import type { SeatStore } from "@holdfast/seat-store";

/**
 * Appends the entry to the outbox, then marks the dead letter as resolved, with an audit row unless it was resolved before. Safe to repeat:
 * the ledger records an event only once. If the process dies in between, the dead letter is still listed, and a repeat finishes; in the other
 * order the entry would be lost.
 */
export async function replayDeadLetter(
	{ seatStore, database }: { readonly seatStore: Pick<SeatStore, "requeueEntry">; readonly database: Database },
	deadLetter: DeadLetter,
	origin: AuditOrigin,
): Promise<void> {
	await seatStore.requeueEntry(deadLetter.bucket, deadLetter.raw);
	await resolveDeadLetter(database, deadLetter, { how: "replayed", origin });
}
