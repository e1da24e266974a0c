/**
 * Settle a batch of outbox entries: move them into the ledger in one transaction. The only writer
 * of bookings, and of what showtimes sell.
 *
 * An entry may be dropped from the outbox only after this says so: a crash in between is a redelivery, and a redelivery
 * changes nothing. The order of one bucket is kept by an advisory lock, which needs no lease and no clock: it ends with
 * the transaction, however that ends. Source of the rules: ADR 0004 and ADR 0005.
 */
import { type BookingId, isBookingEvent, LIMIT_SPECS, type OutboxEntry, type OutboxEvent, type ShowtimeId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { isLockTimeout } from "../classify-error.ts";
import type { Database, Queries } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { advanceProgress, takeProgress } from "./advance-progress.ts";
import { insertDeadLetters } from "./dead-letters.ts";
import type { KnownShowtime } from "./find-flaw.ts";
import type { Gap } from "./find-gap.ts";
import { findSeatLabels } from "./find-seat-labels.ts";
import { recordOrWait } from "./record-or-wait.ts";
import { LONG_TRANSACTION_MAX_MS, tryLockBucket } from "./settle-lock.ts";
import { entriesBeforeUpgrade, sortEntries } from "./sort-entries.ts";
import { takeRows } from "./take-rows.ts";

export type SettleBatch = {
	readonly bucket: number;
	/** What the stream holds from one entry on, without holes, in its order; at most 500. */
	readonly entries: readonly OutboxEntry[];
	/** Showtimes left earlier in this pass over the stream: they stay left. */
	readonly leftBefore?: Iterable<ShowtimeId>;
	/** Showtimes that waited for a locked row earlier in this pass: they go on waiting. */
	readonly waitingBefore?: Iterable<ShowtimeId>;
};

/**
 * `locked`: another settles this bucket, or has locked its row or a whole table; nothing was done, try again soon.
 * `settled`: committed. `acked` may now be dropped from the outbox, and nothing else may. `left` are showtimes whose seat
 * store is of an older epoch; their entries stay in the stream until the showtime is opened anew. `waiting` are showtimes
 * that need a row which another transaction has locked: from the first such entry on, theirs stay in the stream until
 * the row is free; nothing is wrong with them, and no rebuild would help. `conflicts` and `deadLettered` (a part of `acked`) want an alarm, and so
 * does a `gap`.
 */
export type SettleOutcome =
	| { outcome: "locked" }
	| {
			outcome: "settled";
			acked: string[];
			left: ShowtimeId[];
			waiting: ShowtimeId[];
			/** Events that the ledger did not have before. */
			recorded: number;
			conflicts: BookingId[];
			/** Bookings that were cancelled because their showtime is. */
			cancelledByShowtime: number;
			deadLettered: string[];
			gap: Gap | null;
			/** An entry of a version unknown here stands behind the settled ones: it and all after it were left. */
			isCut: boolean;
	  };

/** The oldest entry was written by a newer version. It is left in the stream; `classifySettleError` says `halt`. */
export class UnknownEntryVersion extends Error {
	override readonly name = "UnknownEntryVersion";
}

/**
 * Settle one batch, safe to call twice and beside another settler. Throws when the transaction failed (see
 * `classifySettleError`; after a lost connection it may have committed all the same: settle again), and
 * `UnknownEntryVersion` when the first entry is of a version unknown here; entries before such a one are settled.
 */
export async function settleBatch(database: Database, batch: SettleBatch): Promise<SettleOutcome> {
	const max = LIMIT_SPECS.settleBatchMax.max;
	assert(batch.entries.length <= max, `a batch has at most ${max} entries, not ${batch.entries.length}`);
	const entries = entriesBeforeUpgrade(batch.entries);
	if (entries.length === 0 && batch.entries.length > 0)
		throw new UnknownEntryVersion(`bucket ${batch.bucket}: entry ${batch.entries[0]?.entryId} is of a version unknown here`);
	const isCut = entries.length < batch.entries.length;
	try {
		return await writeTo(
			database,
			"settling",
			(queries) => queries.transaction((tx) => settle(database, tx, { ...batch, entries, isCut })),
			LONG_TRANSACTION_MAX_MS,
		);
	} catch (error) {
		if (isLockTimeout(error)) return { outcome: "locked" };
		throw error;
	}
}

async function settle(
	database: Database,
	tx: Queries,
	{ bucket, entries, leftBefore = [], waitingBefore = [], isCut }: SettleBatch & { readonly isCut: boolean },
): Promise<SettleOutcome> {
	if (!(await tryLockBucket(tx, bucket))) return { outcome: "locked" };
	const progress = await takeProgress(tx, bucket);
	if (progress.outcome === "locked") return progress;
	const { showtimes, locked } = await takeRows(tx, bucket, entries);
	const plans = entries.flatMap(({ event }) => (event !== null && isBookingEvent(event) ? event.planId : []));
	const labelsByPlan = await findSeatLabels(database, tx, new Set(plans));
	const sorted = sortEntries(entries, { bucket, showtimes, labelsByPlan, locked, leftBefore, waitingBefore });
	const batch = sorted.live.map(({ event }) => event);
	const cancelledShowtimes = findCancelled(batch, showtimes);
	const result = await recordOrWait(tx, sorted.live, { bucket, labelsByPlan, batch, cancelledShowtimes });
	const buried = [...sorted.dead, ...result.poison];
	await insertDeadLetters(tx, bucket, buried);
	const settled = [...result.done, ...sorted.dead.map(({ entry }) => entry)];
	const gap = await advanceProgress(tx, bucket, { seenSeq: progress.seenSeq, entries, settled });
	return {
		outcome: "settled",
		acked: settled.map(({ entryId }) => entryId),
		left: [...sorted.left],
		waiting: [...new Set([...sorted.waiting, ...result.waiting])],
		recorded: result.recorded,
		conflicts: [...result.conflicts],
		cancelledByShowtime: result.cancelledByShowtime,
		deadLettered: buried.map(({ entry }) => entry.entryId),
		gap,
		isCut,
	};
}

/** Showtimes with something to be recorded that were cancelled before, or may be now. */
function findCancelled(events: readonly OutboxEvent[], showtimes: ReadonlyMap<ShowtimeId, KnownShowtime>): ReadonlySet<ShowtimeId> {
	const cancelled = events.filter((event) => {
		const isCancel = !isBookingEvent(event) && event.state === "cancelled";
		return isCancel || showtimes.get(event.showtimeId)?.isCancelled === true;
	});
	return new Set(cancelled.map(({ showtimeId }) => showtimeId));
}
