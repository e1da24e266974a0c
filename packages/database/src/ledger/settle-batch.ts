/**
 * Settle a batch of outbox entries: move them into the ledger in one transaction. The only writer of bookings.
 *
 * An entry may be dropped from the outbox only after this says so: a crash in between is a redelivery, and a redelivery
 * changes nothing. The order of one bucket is kept by an advisory lock, which needs no lease and no clock: it ends with
 * the transaction, however that ends. Source of the rules: ADR 0004 and ADR 0005.
 */
import { type BookingId, LIMIT_SPECS, type ShowtimeId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { sql } from "drizzle-orm";
import { classifySettleError, codeOf } from "../classify-error.ts";
import type { Database, Queries } from "../create-database.ts";
import { deadLetters } from "../schema/index.ts";
import { findGap, type Gap, seqOf } from "./find-gap.ts";
import { findSeatLabels } from "./find-seat-labels.ts";
import type { DeadEntry, EventEntry, SettleEntry } from "./outbox-entry.ts";
import type { RecordContext } from "./record-context.ts";
import { type Recorded, recordEntries } from "./record-entries.ts";
import { tryLockBucket } from "./settle-lock.ts";
import { entriesBeforeUpgrade, sortEntries } from "./sort-entries.ts";

/** For the whole transaction. Each statement has a limit of its own; a batch of nothing but poison takes a thousand statements. */
const SETTLE_DEADLINE_MS = 30_000;
const ERROR_MESSAGE_MAX_CHARS = 1_000;

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
			deadLettered: string[];
			gap: Gap | null;
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
	return database.runLong((queries) => queries.transaction((tx) => settle(database, tx, { ...batch, entries })), SETTLE_DEADLINE_MS);
}

async function settle(database: Database, tx: Queries, { bucket, entries, leftBefore = [] }: SettleBatch): Promise<SettleOutcome> {
	if (!(await tryLockBucket(tx, bucket))) return { outcome: "locked" };
	const epochs = await readEpochs(tx, entries);
	const labelsByPlan = await findSeatLabels(database, tx, new Set(entries.flatMap(({ event }) => event?.planId ?? [])));
	const { live, dead, left } = sortEntries(entries, { bucket, epochs, labelsByPlan, leftBefore });
	const { recorded, conflicts, poison } = await recordOrBury(tx, live, { bucket, labelsByPlan });
	const buried = [...dead, ...poison];
	await insertDeadLetters(tx, bucket, buried);
	const settled = [...live, ...dead.map(({ entry }) => entry)];
	const gap = await advanceProgress(tx, bucket, entries, settled);
	return {
		outcome: "settled",
		acked: settled.map(({ entryId }) => entryId),
		left: [...left],
		recorded,
		conflicts: [...conflicts],
		deadLettered: buried.map(({ entry }) => entry.entryId),
		gap,
	};
}

/**
 * Epochs of the showtimes named, held until COMMIT: opening one anew raises its epoch, so it waits for us and then reads
 * what we wrote, or was first and we see its epoch here.
 */
async function readEpochs(tx: Queries, entries: readonly SettleEntry[]): Promise<Map<ShowtimeId, number>> {
	const ids = [...new Set(entries.flatMap(({ event }) => event?.showtimeId ?? []))];
	if (ids.length === 0) return new Map();
	const rows = await tx.execute<{ id: ShowtimeId; redis_epoch: number }>(
		sql`select id, redis_epoch from showtimes where id = any(${sql.param(ids)}::uuid[]) order by id for share`,
	);
	return new Map(rows.map((row) => [row.id, row.redis_epoch]));
}

type RecordedOrBuried = Recorded & { readonly poison: readonly DeadEntry[] };

/**
 * Record the entries; when one of them makes Postgres refuse its data, halve until it stands alone, and bury just that
 * one. Each attempt is a savepoint, so the lock stays and all of it is one transaction. Halves go in order.
 */
async function recordOrBury(tx: Queries, entries: readonly EventEntry[], context: RecordContext): Promise<RecordedOrBuried> {
	const [first] = entries;
	if (first === undefined) return { recorded: 0, conflicts: [], poison: [] };
	try {
		return { ...(await tx.transaction((savepoint) => recordEntries(savepoint, entries, context))), poison: [] };
	} catch (error) {
		if (classifySettleError(error) !== "poison") throw error;
		if (entries.length === 1) {
			const poison = [{ entry: first, code: codeOf(error) ?? "unknown", message: messageOf(error) }];
			return { recorded: 0, conflicts: [], poison };
		}
		const middle = Math.ceil(entries.length / 2);
		const one = await recordOrBury(tx, entries.slice(0, middle), context);
		const other = await recordOrBury(tx, entries.slice(middle), context);
		return {
			recorded: one.recorded + other.recorded,
			conflicts: [...one.conflicts, ...other.conflicts],
			poison: [...one.poison, ...other.poison],
		};
	}
}

/** What Postgres said, not the statement and its parameters that the query builder puts before it. */
function messageOf(error: unknown): string {
	const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
	return (cause instanceof Error ? cause.message : String(cause)).slice(0, ERROR_MESSAGE_MAX_CHARS);
}

async function insertDeadLetters(tx: Queries, bucket: number, dead: readonly DeadEntry[]): Promise<void> {
	if (dead.length === 0) return;
	const rows = dead.map(({ entry, code, message }) => ({
		bucket,
		entryId: entry.entryId,
		raw: entry.raw,
		errorCode: code,
		errorMessage: message,
	}));
	await tx.insert(deadLetters).values(rows).onConflictDoNothing();
}

/** Note how far the bucket came; gives the hole in its counter, if there is one. */
async function advanceProgress(
	tx: Queries,
	bucket: number,
	entries: readonly SettleEntry[],
	settled: readonly SettleEntry[],
): Promise<Gap | null> {
	const [row] = await tx.execute<{ seen_seq: number }>(sql`select seen_seq::float8 from buckets where bucket = ${bucket}`);
	const seq = Math.max(0, ...settled.map((entry) => seqOf(entry) ?? 0));
	const seenSeq = Math.max(0, ...entries.map((entry) => seqOf(entry) ?? 0));
	await tx.execute(sql`
		insert into buckets (bucket, seq, seen_seq) values (${bucket}, ${seq}, ${seenSeq})
		on conflict (bucket) do update set
			seq = greatest(buckets.seq, excluded.seq),
			seen_seq = greatest(buckets.seen_seq, excluded.seen_seq),
			recorded_at = case when buckets.seq < excluded.seq then now() else buckets.recorded_at end`);
	return findGap(entries, row?.seen_seq ?? 0);
}
