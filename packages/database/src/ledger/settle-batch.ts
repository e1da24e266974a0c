/**
 * Settle a batch of outbox entries: move them into the ledger in one transaction. The only writer
 * of bookings, and of what showtimes sell.
 *
 * An entry may be dropped from the outbox only after this says so: a crash in between is a redelivery, and a redelivery
 * changes nothing. The order of one bucket is kept by an advisory lock, which needs no lease and no clock: it ends with
 * the transaction, however that ends. Source of the rules: ADR 0004 and ADR 0005.
 */
import { type BookingId, isBookingEvent, LIMIT_SPECS, type ShowtimeId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { sql } from "drizzle-orm";
import type { Database, Queries } from "../create-database.ts";
import { advanceProgress } from "./advance-progress.ts";
import { cancelWithShowtimes } from "./cancel-with-showtimes.ts";
import { insertDeadLetters } from "./dead-letters.ts";
import type { KnownShowtime } from "./find-flaw.ts";
import type { Gap } from "./find-gap.ts";
import { findSeatLabels } from "./find-seat-labels.ts";
import type { EventEntry, SettleEntry } from "./outbox-entry.ts";
import { recordOrBury } from "./record-or-bury.ts";
import { boundTransaction, LONG_TRANSACTION_MAX_MS, tryLockBucket } from "./settle-lock.ts";
import { entriesBeforeUpgrade, sortEntries } from "./sort-entries.ts";

export type SettleBatch = {
	readonly bucket: number;
	/** What the stream holds from one entry on, without holes, in its order; at most 500. */
	readonly entries: readonly SettleEntry[];
	/** Showtimes left earlier in this pass over the stream: they stay left. */
	readonly leftBefore?: Iterable<ShowtimeId>;
};

/**
 * `locked`: someone else is settling this bucket; nothing was done. `settled`: committed. `acked` may now be dropped from
 * the outbox, and nothing else may. `left` are showtimes whose seat store is of an older epoch; their entries stay in
 * the stream until the showtime is opened anew. `conflicts` and `deadLettered` (a part of `acked`) want an alarm, and so
 * does a `gap`.
 */
export type SettleOutcome =
	| { outcome: "locked" }
	| {
			outcome: "settled";
			acked: string[];
			left: ShowtimeId[];
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
	return database.run(
		"settling",
		(queries) => queries.transaction((tx) => settle(database, tx, { ...batch, entries, isCut })),
		LONG_TRANSACTION_MAX_MS,
	);
}

async function settle(
	database: Database,
	tx: Queries,
	{ bucket, entries, leftBefore = [], isCut }: SettleBatch & { readonly isCut: boolean },
): Promise<SettleOutcome> {
	await boundTransaction(tx);
	if (!(await tryLockBucket(tx, bucket))) return { outcome: "locked" };
	const showtimes = await readShowtimes(tx, entries);
	const plans = entries.flatMap(({ event }) => (event !== null && isBookingEvent(event) ? event.planId : []));
	const labelsByPlan = await findSeatLabels(database, tx, new Set(plans));
	const { live, dead, left } = sortEntries(entries, { bucket, showtimes, labelsByPlan, leftBefore });
	const { recorded, conflicts, poison } = await recordOrBury(tx, live, { bucket, labelsByPlan });
	const events = live.map(({ event }) => event);
	const cancelledByShowtime = await cancelWithShowtimes(tx, findCancelled(live, showtimes), { events, bucket });
	const buried = [...dead, ...poison];
	await insertDeadLetters(tx, bucket, buried);
	const settled = [...live, ...dead.map(({ entry }) => entry)];
	const gap = await advanceProgress(tx, bucket, { entries, settled });
	return {
		outcome: "settled",
		acked: settled.map(({ entryId }) => entryId),
		left: [...left],
		recorded,
		conflicts: [...conflicts],
		cancelledByShowtime,
		deadLettered: buried.map(({ entry }) => entry.entryId),
		gap,
		isCut,
	};
}

/**
 * The showtimes named, held until COMMIT: opening one anew raises its epoch, so it waits for us and then reads what we
 * wrote, or was first and we see its epoch here.
 */
async function readShowtimes(tx: Queries, entries: readonly SettleEntry[]): Promise<Map<ShowtimeId, KnownShowtime>> {
	const ids = [...new Set(entries.flatMap(({ event }) => event?.showtimeId ?? []))];
	if (ids.length === 0) return new Map();
	const rows = await tx.execute<{ id: ShowtimeId; epoch: number; is_cancelled: boolean; seat_count: number }>(sql`
		select showtimes.id, redis_epoch as epoch, state = 'cancelled' as is_cancelled, seat_count
		from showtimes join seat_plans on seat_plans.id = showtimes.seat_plan_id
		where showtimes.id = any(${sql.param(ids)}::uuid[])
		order by showtimes.id for share of showtimes`);
	return new Map(rows.map(({ id, epoch, is_cancelled, seat_count }) => [id, { epoch, isCancelled: is_cancelled, seatCount: seat_count }]));
}

/** Showtimes with something settled just now that were cancelled before, or may be now: nearly always none, and then nothing is asked. */
function findCancelled(live: readonly EventEntry[], showtimes: ReadonlyMap<ShowtimeId, KnownShowtime>): ShowtimeId[] {
	const cancelled = live.filter(({ event }) => {
		const isCancel = !isBookingEvent(event) && event.state === "cancelled";
		return isCancel || showtimes.get(event.showtimeId)?.isCancelled === true;
	});
	return [...new Set(cancelled.map(({ event }) => event.showtimeId))];
}
