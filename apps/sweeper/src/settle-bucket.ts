/**
 * Settle one bucket: move what its outbox holds into the ledger, batch by batch, and drop each entry only after its
 * COMMIT. The stream is the to-do list, so a crash between COMMIT and ack is a redelivery that changes nothing.
 */
import { classifySettleError, type SettleBatch, type SettleOutcome, settleBatch, UnknownEntryVersion } from "@holdfast/database";
import { isBookingEvent, type OutboxEntry, type ShowtimeId } from "@holdfast/domain";
import type { SweeperDeps } from "./deps.ts";

/**
 * A pass reads on behind entries it had to leave; after this long it ends, so that the next one starts from the
 * oldest entry again.
 */
const PASS_MS_MAX = 5_000;

/** How long entries that wait for a locked row are left alone in a pass that goes on for longer. */
const RETRY_WAITING_MS = 500;

/**
 * `stale`: showtimes whose entries wait for a rebuild. `waiting`: showtimes whose entries wait for a row of the ledger that
 * another transaction has locked. `halted`: the pass came to an entry of a version unknown here, and
 * nothing behind it may be settled before it.
 */
export type Pass = {
	readonly settled: number;
	readonly stale: ReadonlySet<ShowtimeId>;
	readonly waiting: ReadonlySet<ShowtimeId>;
	readonly halted: UnknownEntryVersion | null;
};

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
	const { seatStore } = deps;
	const stale = new Set<ShowtimeId>();
	const waiting: Waiting = new Map();
	const endsAt = Date.now() + PASS_MS_MAX;
	let retryAt = Date.now() + RETRY_WAITING_MS;
	let settled = 0;
	let afterEntryId: string | null = null;
	const passOf = (halted: UnknownEntryVersion | null): Pass => ({ settled, stale, waiting: new Set(waiting.keys()), halted });
	while (Date.now() < endsAt) {
		const limit = size.current();
		const entries = await seatStore.readBatch(bucket, { afterEntryId, limit });
		const last = entries.at(-1);
		if (last === undefined) break;
		const outcome = await settle(deps, size, { bucket, entries, staleBefore: stale, waitingBefore: waiting.keys() });
		if (outcome.outcome === "locked") break;
		size.grow();
		for (const showtimeId of outcome.stale) stale.add(showtimeId);
		addWaiting(waiting, entries, outcome);
		settled += outcome.acked.length;
		if (outcome.isCut) return passOf(new UnknownEntryVersion(`bucket ${bucket}: an entry is of a version unknown here`));
		if (entries.length < limit) break;
		if (stale.size > 0 || waiting.size > 0) afterEntryId = last.entryId;
		if (waiting.size === 0 || Date.now() < retryAt) continue;
		const retried = await retryWaiting(deps, bucket, size, waiting);
		settled += retried;
		// A row is free again: the next pass settles from the oldest entry on, in order.
		if (retried > 0) break;
		retryAt = Date.now() + RETRY_WAITING_MS;
	}
	return passOf(null);
}

/** The oldest entry of each showtime that waits, in stream order. */
type Waiting = Map<ShowtimeId, OutboxEntry>;

function addWaiting(waiting: Waiting, entries: readonly OutboxEntry[], outcome: Settled): void {
	const acked = new Set(outcome.acked);
	for (const showtimeId of outcome.waiting) {
		if (waiting.has(showtimeId)) continue;
		const first = entries.find(({ entryId, event }) => event?.showtimeId === showtimeId && !acked.has(entryId));
		if (first !== undefined) waiting.set(showtimeId, first);
	}
}

/** Try the oldest waiting entries once more, beside the pass; gives how many could be settled. Later entries of theirs still wait. */
async function retryWaiting(deps: SweeperDeps, bucket: number, size: BatchSize, waiting: Waiting): Promise<number> {
	const entries = [...waiting.values()].slice(0, size.current());
	const outcome = await settle(deps, size, { bucket, entries });
	return outcome.outcome === "locked" ? 0 : outcome.acked.length;
}

/** Settle one batch, and acknowledge what was. */
async function settle(
	deps: SweeperDeps,
	size: BatchSize,
	batch: SettleBatch & { readonly entries: readonly OutboxEntry[] },
): Promise<SettleOutcome> {
	const outcome = await settleBatch(deps.database, batch).catch((error: unknown) => {
		if (classifySettleError(error) === "too_slow") size.halve();
		throw error;
	});
	if (outcome.outcome === "settled") await acknowledge(deps, batch.bucket, batch.entries, outcome);
	return outcome;
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
