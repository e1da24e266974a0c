/**
 * Settles a batch of outbox entries: writes them into the ledger in one transaction. Nothing else writes bookings, or changes the terms and
 * the schedule of showtimes.
 *
 * The caller deletes an entry from the outbox only after this has reported it as `acked`. A crash in between means that the entry is
 * delivered again, and a redelivery changes nothing. An advisory lock per bucket keeps the entries in order. It needs no lease and no
 * clock, because it ends with the transaction in every case. Source of the rules: ADR 0004 and ADR 0005.
 */
import {
	type BookingId,
	isBookingEvent,
	isShowtimeEvent,
	LIMIT_SPECS,
	type OutboxEntry,
	type OutboxEvent,
	type SeatPlanId,
	type ShowtimeId,
} from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { isLockTimeout } from "../classify-error.ts";
import type { Database, Queries } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { advanceProgress, takeProgress } from "./advance-progress.ts";
import { insertDeadLetters } from "./dead-letters.ts";
import type { KnownShowtime } from "./find-entry-error.ts";
import type { Gap } from "./find-gap.ts";
import { findSeatLabels } from "./find-seat-labels.ts";
import { recordOrWait } from "./record-or-wait.ts";
import { LONG_TRANSACTION_MAX_MS, tryLockBucket } from "./settle-lock.ts";
import { entriesBeforeNewerVersion, sortEntries } from "./sort-entries.ts";
import { takeRows } from "./take-rows.ts";

/** The input of `settleBatch`. */
export type SettleBatch = {
	readonly bucket: number;
	/** Consecutive entries of the stream, in stream order; at most 500. */
	readonly entries: readonly OutboxEntry[];
	/** Showtimes that were reported as `stale` earlier in this pass over the stream; none of their entries is settled. */
	readonly staleBefore?: Iterable<ShowtimeId>;
	/** Showtimes that were reported as `waiting` earlier in this pass; none of their entries is settled. */
	readonly waitingBefore?: Iterable<ShowtimeId>;
};

/**
 * `locked`: another process settles this bucket, or a transaction has locked its row or a whole table. Nothing was done; retry soon.
 * `settled`: the transaction is committed. The caller may now delete the `acked` entries from the outbox, and no others.
 * `stale`: showtimes with an entry of an older epoch than the ledger's. From that entry on, their entries stay in the stream until the
 * showtime is rebuilt. `waiting`: showtimes with an entry that needs a row which another transaction has locked. From that entry on, their
 * entries stay in the stream until the row is free; a rebuild would not help. Raise an alarm for `conflicts`, for `clashes`, for
 * `deadLettered` (a subset of `acked`) and for a `gap`.
 */
export type SettleOutcome =
	| { outcome: "locked" }
	| {
			outcome: "settled";
			acked: string[];
			stale: ShowtimeId[];
			waiting: ShowtimeId[];
			/** The number of events that the ledger did not have before. */
			recorded: number;
			conflicts: BookingId[];
			/** The number of bookings that were cancelled because their showtime is cancelled. */
			cancelledByShowtime: number;
			/** Showtimes whose newer schedule another showtime of their auditorium occupies; the ledger keeps the older one. */
			clashes: ShowtimeId[];
			deadLettered: string[];
			gap: Gap | null;
			/** Whether an entry of a newer version follows the settled entries. That entry and all later ones were not processed. */
			isCut: boolean;
	  };

/**
 * Thrown when the oldest entry was written by a newer version of Holdfast. It stays in the stream, and `classifySettleError` gives `halt`.
 */
export class UnknownEntryVersion extends Error {
	override readonly name = "UnknownEntryVersion";
}

/**
 * Settles one batch. Safe to call twice, and concurrently with other processes. Throws when the transaction fails (see
 * `classifySettleError`); after a lost connection it may still have committed, so settle the same entries again. Throws
 * `UnknownEntryVersion` when a newer version wrote the first entry; entries before such an entry are settled.
 */
export async function settleBatch(database: Database, batch: SettleBatch): Promise<SettleOutcome> {
	const max = LIMIT_SPECS.settleBatchMax.max;
	assert(batch.entries.length <= max, `the batch has ${batch.entries.length} entries, more than the maximum of ${max}`);
	const entries = entriesBeforeNewerVersion(batch.entries);
	if (entries.length === 0 && batch.entries.length > 0)
		throw new UnknownEntryVersion(
			`bucket ${batch.bucket}: entry ${batch.entries[0]?.entryId} was written by a newer version; upgrade this process to settle it`,
		);
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
	{ bucket, entries, staleBefore = [], waitingBefore = [], isCut }: SettleBatch & { readonly isCut: boolean },
): Promise<SettleOutcome> {
	if (!(await tryLockBucket(tx, bucket))) return { outcome: "locked" };
	const progress = await takeProgress(tx, bucket);
	if (progress.outcome === "locked") return progress;
	const { showtimes, locked } = await takeRows(tx, bucket, entries);
	const planOfShowtime = findPlansToAudit(entries, showtimes);
	const plans = entries.flatMap(({ event }) => (event !== null && !isShowtimeEvent(event) ? event.planId : []));
	const labelsByPlan = await findSeatLabels(database, tx, new Set([...plans, ...planOfShowtime.values()]));
	const labelsByShowtime = new Map([...planOfShowtime].map(([id, planId]) => [id, labelsByPlan.get(planId) ?? []]));
	const sorted = sortEntries(entries, { bucket, showtimes, labelsByPlan, locked, staleBefore, waitingBefore });
	const batch = sorted.recordable.map(({ event }) => event);
	const cancelledShowtimes = findCancelled(batch, showtimes);
	const outdatedBookings = findOutdated(batch, showtimes);
	const context = { bucket, labelsByPlan, labelsByShowtime, batch, cancelledShowtimes, outdatedBookings };
	const result = await recordOrWait(tx, sorted.recordable, context);
	const deadLettered = [...sorted.deadLettered, ...result.poison];
	await insertDeadLetters(tx, bucket, deadLettered);
	const settled = [...result.done, ...sorted.deadLettered.map(({ entry }) => entry)];
	const gap = await advanceProgress(tx, bucket, { seenSeq: progress.seenSeq, entries, settled });
	return {
		outcome: "settled",
		acked: settled.map(({ entryId }) => entryId),
		stale: [...sorted.stale],
		waiting: [...new Set([...sorted.waiting, ...result.waiting])],
		recorded: result.recorded,
		conflicts: [...result.conflicts],
		cancelledByShowtime: result.cancelledByShowtime,
		clashes: [...result.clashes],
		deadLettered: deadLettered.map(({ entry }) => entry.entryId),
		gap,
		isCut,
	};
}

/** Returns the seat plans of the showtimes whose blocked seats staff changed. The audit trail names the seats by their labels. */
function findPlansToAudit(
	entries: readonly OutboxEntry[],
	showtimes: ReadonlyMap<ShowtimeId, KnownShowtime>,
): ReadonlyMap<ShowtimeId, SeatPlanId> {
	const changed = entries.flatMap(({ event }) =>
		event?.type === "showtime.seats_blocked" || event?.type === "showtime.seats_unblocked" ? event.showtimeId : [],
	);
	return new Map(
		changed.flatMap((id) => {
			const showtime = showtimes.get(id);
			return showtime === undefined ? [] : [[id, showtime.planId]];
		}),
	);
}

/** Returns the showtimes of these events that are already cancelled, or that one of the events cancels. */
function findCancelled(events: readonly OutboxEvent[], showtimes: ReadonlyMap<ShowtimeId, KnownShowtime>): ReadonlySet<ShowtimeId> {
	const cancelled = events.filter((event) => {
		const isCancel = isShowtimeEvent(event) && event.state === "cancelled";
		return isCancel || showtimes.get(event.showtimeId)?.isCancelled === true;
	});
	return new Set(cancelled.map(({ showtimeId }) => showtimeId));
}

/** Returns the bookings of these events that were bought under an older schedule than the ledger has. This is nearly always empty. */
function findOutdated(events: readonly OutboxEvent[], showtimes: ReadonlyMap<ShowtimeId, KnownShowtime>): ReadonlySet<BookingId> {
	const outdated = events.flatMap((event) => {
		const newest = showtimes.get(event.showtimeId)?.scheduleVersion ?? 0;
		return isBookingEvent(event) && event.scheduleVersion < newest ? event.bookingId : [];
	});
	return new Set(outdated);
}
