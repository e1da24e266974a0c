/**
 * Settle one bucket: move what its outbox holds into the ledger, batch by batch, and drop each entry only after its
 * COMMIT. The stream is the to-do list, so a crash between COMMIT and ack is a redelivery that changes nothing.
 */
import { classifySettleError, type SettleOutcome, settleBatch, UnknownEntryVersion } from "@holdfast/database";
import { isBookingEvent, type ShowtimeId } from "@holdfast/domain";
import type { OutboxEntry } from "@holdfast/seat-store";
import type { SweeperDeps } from "./deps.ts";

/**
 * A pass reads on behind entries it had to leave; after this long it ends, so that the next one starts from the
 * oldest entry again.
 */
const PASS_MS_MAX = 5_000;

/**
 * `left`: showtimes whose entries wait for a rebuild. `halted`: the pass came to an entry of a version unknown here, and
 * nothing behind it may be settled before it.
 */
export type Pass = { readonly settled: number; readonly left: ReadonlySet<ShowtimeId>; readonly halted: UnknownEntryVersion | null };

/** How many entries are settled at once. Halved when Postgres had no time for so many, and grown again as it has. */
export type BatchSize = { readonly current: () => number; readonly halve: () => void; readonly grow: () => void };

export function createBatchSize(max: number): BatchSize {
	let current = max;
	return {
		current: () => current,
		halve: () => {
			current = Math.max(1, Math.floor(current / 2));
		},
		grow: () => {
			current = Math.min(max, current * 2);
		},
	};
}

/**
 * One pass over a bucket, until a batch is not full. Safe beside another sweeper: the loser of the lock leaves. Throws
 * what a store threw; the next pass goes on.
 */
export async function settleBucket(deps: SweeperDeps, bucket: number, size: BatchSize): Promise<Pass> {
	const { seatStore, database } = deps;
	const left = new Set<ShowtimeId>();
	const endsAt = Date.now() + PASS_MS_MAX;
	let settled = 0;
	let afterEntryId: string | null = null;
	while (Date.now() < endsAt) {
		const limit = size.current();
		const entries = await seatStore.readBatch(bucket, { afterEntryId, limit });
		const last = entries.at(-1);
		if (last === undefined) break;
		const outcome = await settleBatch(database, { bucket, entries, leftBefore: left }).catch((error: unknown) => {
			if (classifySettleError(error) === "too_slow") size.halve();
			throw error;
		});
		if (outcome.outcome === "locked") break;
		size.grow();
		await acknowledge(deps, bucket, entries, outcome);
		for (const showtimeId of outcome.left) left.add(showtimeId);
		settled += outcome.acked.length;
		if (outcome.isCut) return { settled, left, halted: new UnknownEntryVersion(`bucket ${bucket}: an entry is of a version unknown here`) };
		if (entries.length < limit) break;
		if (left.size > 0) afterEntryId = last.entryId;
	}
	return { settled, left, halted: null };
}

type Settled = Extract<SettleOutcome, { outcome: "settled" }>;

async function acknowledge(deps: SweeperDeps, bucket: number, entries: readonly OutboxEntry[], outcome: Settled): Promise<void> {
	report(deps, bucket, outcome);
	const unmarked = new Set<string>(outcome.deadLettered);
	const conflicts = new Set<string>(outcome.conflicts);
	const acked = new Set<string>(outcome.acked);
	const done = entries.filter(({ entryId }) => acked.has(entryId));
	await deps.seatStore.ackBatch(
		bucket,
		done.map(({ entryId, event }) => ({
			entryId,
			booking:
				event && isBookingEvent(event) && !unmarked.has(entryId) && !conflicts.has(event.bookingId)
					? { id: event.bookingId, version: event.version }
					: null,
		})),
	);
	deps.log.debug({ bucket, settled: done.length }, "settled");
}

/** Each of these wants a person to know: an alarm in the log, and a metric. */
function report({ log, metrics }: SweeperDeps, bucket: number, outcome: Settled): void {
	if (outcome.gap) log.error({ bucket, ...outcome.gap }, "gap in the outbox: events were lost");
	for (const bookingId of outcome.conflicts) log.error({ bucket, bookingId }, "conflict: the ledger has another owner for a seat");
	for (const entryId of outcome.deadLettered) log.error({ bucket, entryId }, "entry dead-lettered: npm run dead-letters");
	metrics.settledEntries.inc(outcome.acked.length);
	metrics.conflicts.inc(outcome.conflicts.length);
	metrics.deadLetters.inc(outcome.deadLettered.length);
	if (outcome.gap) metrics.outboxGaps.inc();
}
