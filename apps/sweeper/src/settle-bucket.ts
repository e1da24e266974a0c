/**
 * Settle one bucket: move what its outbox holds into the ledger, batch by batch, and drop each entry only after its
 * COMMIT. The stream is the to-do list, so a crash between COMMIT and ack is a redelivery that changes nothing.
 */
import { type Database, type SettleOutcome, settleBatch } from "@holdfast/database";
import type { Limits, ShowtimeId } from "@holdfast/domain";
import type { Logger } from "@holdfast/runtime";
import type { OutboxEntry, SeatStore } from "@holdfast/seat-store";

export type SweeperDeps = { readonly seatStore: SeatStore; readonly database: Database; readonly limits: Limits; readonly log: Logger };

/**
 * A pass reads on behind entries it had to leave; after this long it ends, so that the next one starts from the
 * oldest entry again.
 */
const PASS_MS_MAX = 5_000;

/**
 * One pass over a bucket, until a batch is not full; gives how many entries were settled. Safe beside another sweeper: the
 * loser of the lock leaves.
 */
export async function settleBucket(deps: SweeperDeps, bucket: number): Promise<number> {
	const { seatStore, database, limits } = deps;
	const leftShowtimes = new Set<ShowtimeId>();
	const endsAt = Date.now() + PASS_MS_MAX;
	let settled = 0;
	let afterEntryId: string | null = null;
	while (Date.now() < endsAt) {
		const entries = await seatStore.readBatch(bucket, { afterEntryId, limit: limits.settleBatchMax });
		const last = entries.at(-1);
		if (last === undefined) break;
		const outcome = await settleBatch(database, { bucket, entries, leftBefore: leftShowtimes });
		if (outcome.outcome === "locked") break;
		await acknowledge(deps, bucket, entries, outcome);
		for (const showtimeId of outcome.left) leftShowtimes.add(showtimeId);
		settled += outcome.acked.length;
		if (entries.length < limits.settleBatchMax) break;
		if (leftShowtimes.size > 0) afterEntryId = last.entryId;
	}
	return settled;
}

type Settled = Extract<SettleOutcome, { outcome: "settled" }>;

async function acknowledge(
	{ seatStore, log }: SweeperDeps,
	bucket: number,
	entries: readonly OutboxEntry[],
	outcome: Settled,
): Promise<void> {
	if (outcome.gap) log.error({ bucket, ...outcome.gap }, "gap in the outbox: events were lost");
	for (const bookingId of outcome.conflicts) log.error({ bucket, bookingId }, "conflict: the ledger has another owner for a seat");
	for (const entryId of outcome.deadLettered) log.error({ bucket, entryId }, "entry dead-lettered");
	const unmarked = new Set<string>(outcome.deadLettered);
	const conflicts = new Set<string>(outcome.conflicts);
	const acked = new Set<string>(outcome.acked);
	const done = entries.filter(({ entryId }) => acked.has(entryId));
	await seatStore.ackBatch(
		bucket,
		done.map(({ entryId, event }) => ({
			entryId,
			booking: event && !unmarked.has(entryId) && !conflicts.has(event.bookingId) ? { id: event.bookingId, version: event.version } : null,
		})),
	);
	log.debug({ bucket, settled: done.length }, "settled");
}
