/**
 * Settles one bucket: moves the entries of its outbox into the ledger, batch by batch, and acknowledges each entry only after its COMMIT.
 * After a crash between COMMIT and acknowledgement the entry is delivered again, and settling it again changes nothing.
 */
import { classifySettleError, type SettleBatch, type SettleOutcome, settleBatch, UnknownEntryVersion } from "@holdfast/database";
import { isBookingEvent, type OutboxEntry, type ShowtimeId } from "@holdfast/domain";
import type { SweeperDeps } from "./deps.ts";

/**
 * How long a pass may last. A pass continues behind entries that it could not settle; it ends after this time, so that the next pass starts
 * from the oldest entry again.
 */
const PASS_MS_MAX = 5_000;

/** How often, within a pass, entries that wait for a locked row are retried. */
const RETRY_WAITING_MS = 500;

/**
 * What one pass did. `settled`: how many entries. `awaitingRebuild`: showtimes whose entries wait for a rebuild. `waiting`: showtimes whose
 * entries wait for a row of the ledger that another transaction has locked. `halted`: the pass stopped at an entry of an unknown version;
 * no entry behind it may be settled before it.
 */
export type Pass = {
	readonly settled: number;
	readonly awaitingRebuild: ReadonlySet<ShowtimeId>;
	readonly waiting: ReadonlySet<ShowtimeId>;
	readonly halted: UnknownEntryVersion | null;
};

/** How many entries are settled in one transaction. The caller halves it after a timeout of Postgres and doubles it after a success. */
export type BatchSize = { readonly current: () => number; readonly halve: () => void; readonly grow: () => void };

/** Creates a batch size that starts at `max` and stays between 1 and `max`. */
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
 * Runs one pass over a bucket, until a batch is not full. Safe beside another sweeper: if the other one has the bucket's lock, the pass ends.
 * Throws if a store fails; entries that were settled before stay settled, and the next pass continues.
 */
export async function settleBucket(deps: SweeperDeps, bucket: number, size: BatchSize): Promise<Pass> {
	const { seatStore } = deps;
	const awaitingRebuild = new Set<ShowtimeId>();
	const waiting: Waiting = new Map();
	const endsAt = Date.now() + PASS_MS_MAX;
	let retryAt = Date.now() + RETRY_WAITING_MS;
	let settled = 0;
	let afterEntryId: string | null = null;
	const passOf = (halted: UnknownEntryVersion | null): Pass => ({ settled, awaitingRebuild, waiting: new Set(waiting.keys()), halted });
	while (Date.now() < endsAt) {
		const limit = size.current();
		const entries = await seatStore.readBatch(bucket, { afterEntryId, limit });
		const last = entries.at(-1);
		if (last === undefined) break;
		const outcome = await settle(deps, size, { bucket, entries, staleBefore: awaitingRebuild, waitingBefore: waiting.keys() });
		if (outcome.outcome === "locked") break;
		size.grow();
		for (const showtimeId of outcome.stale) awaitingRebuild.add(showtimeId);
		addWaiting(waiting, entries, outcome);
		settled += outcome.acked.length;
		if (outcome.isCut)
			return passOf(new UnknownEntryVersion(`bucket ${bucket}: the version of an outbox entry is unknown to this sweeper`));
		if (entries.length < limit) break;
		if (awaitingRebuild.size > 0 || waiting.size > 0) afterEntryId = last.entryId;
		if (waiting.size === 0 || Date.now() < retryAt) continue;
		const retried = await retryWaiting(deps, bucket, size, waiting);
		settled += retried;
		// A locked row is free again. The next pass settles the showtime's entries in order, from the oldest on.
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

/** Retries the oldest waiting entry of each showtime; returns how many were settled. Later entries of these showtimes still wait. */
async function retryWaiting(deps: SweeperDeps, bucket: number, size: BatchSize, waiting: Waiting): Promise<number> {
	const entries = [...waiting.values()].slice(0, size.current());
	const outcome = await settle(deps, size, { bucket, entries });
	return outcome.outcome === "locked" ? 0 : outcome.acked.length;
}

/** Settles one batch and acknowledges its settled entries. */
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
	deps.log.debug({ bucket, settled: done.length }, "outbox batch settled");
}

/** Logs and counts what an operator must know: gaps, conflicts and dead letters. */
function report({ log, metrics }: SweeperDeps, bucket: number, outcome: Settled): void {
	if (outcome.gap) log.error({ bucket, ...outcome.gap }, "outbox gap: events lost");
	for (const bookingId of outcome.conflicts)
		log.error({ bucket, bookingId }, "booking conflict: seat sold to another booking in the ledger");
	for (const showtimeId of outcome.clashes)
		log.error({ bucket, showtimeId }, "showtime schedule not recorded: another showtime occupies the auditorium in the ledger");
	for (const entryId of outcome.deadLettered)
		log.error({ bucket, entryId }, "outbox entry dead-lettered; to handle it: npm run dead-letters");
	metrics.settledEntries.inc(outcome.acked.length);
	metrics.conflicts.inc(outcome.conflicts.length);
	metrics.scheduleClashes.inc(outcome.clashes.length);
	metrics.deadLetters.inc(outcome.deadLettered.length);
	if (outcome.gap) metrics.outboxGaps.inc();
}
