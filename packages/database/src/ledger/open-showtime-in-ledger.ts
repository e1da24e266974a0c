/**
 * The first step of a rebuild: raises the epoch of a showtime, then reads everything that the ledger has of it. Once the epoch is raised,
 * no outbox entry of an older epoch can be settled. So the snapshot cannot become stale before it is installed. Source: ADR 0005.
 */
import { type BookingId, bucketOf, type RecordedBooking, type ShowtimeId, type ShowtimeSnapshot } from "@holdfast/domain";
import { and, asc, eq, isNull, sql } from "drizzle-orm";
import { openShowtimeOf, selectShowtimes } from "../catalog/showtime.ts";
import { isLockTimeout } from "../classify-error.ts";
import type { Database, Queries } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { bookingSeats, bookings, buckets, showtimes } from "../schema/index.ts";
import { listDeadLetteredEntries } from "./dead-letters.ts";
import { isQuarantineOver } from "./list-quarantined.ts";
import { openedTimelineOf } from "./opened-timeline.ts";
import { boundTransaction, LONG_TRANSACTION_MAX_MS } from "./settle-lock.ts";

/** The state on which the caller decided to open the showtime, and the length of the quarantine. */
export type OpenInLedgerRequest = {
	/**
	 * The epoch that `findOpening` returned. Read it *before* claiming the showtime in the seat store; otherwise it protects against nothing.
	 */
	readonly seenEpoch: number;
	/** The epoch installed in the seat store; 0 for none. It can be above the ledger's after the ledger was restored from a backup. */
	readonly installedEpoch: number;
	/** The timeline of the bucket that `checkTimeline` returned. */
	readonly timeline: number;
	/** How long after a proven loss seats stay quarantined. Null: until an operator opens them. */
	readonly quarantineMs: number | null;
};

/**
 * `opened`: the epoch was raised, and `snapshot` is the showtime under the new epoch. `raced`: another process raised the epoch first; wait
 * until it has installed the showtime. `locked`: another transaction has locked the row of the showtime or a table; nothing was changed,
 * retry soon. `unknown`: the showtime does not exist.
 */
export type OpenInLedgerOutcome =
	| { outcome: "opened"; snapshot: ShowtimeSnapshot }
	| { outcome: "raced" }
	| { outcome: "locked" }
	| { outcome: "unknown" };

/**
 * Raises the epoch if it still equals `seenEpoch`, determines whether the showtime is quarantined, and returns a snapshot with every
 * booking (50,000 seats in 10,000 bookings take 0.3 s). Of several concurrent calls exactly one opens the showtime; a second call with the
 * same `seenEpoch` returns `raced`. When this throws, the epoch may have been raised: call `findOpening` again.
 */
export async function openShowtimeInLedger(database: Database, id: ShowtimeId, request: OpenInLedgerRequest): Promise<OpenInLedgerOutcome> {
	const open = async (tx: Queries): Promise<OpenInLedgerOutcome> => {
		await boundTransaction(tx);
		// The update comes before every read. It waits for each batch that holds a share lock on the row, so the reads below see those batches.
		const [taken] = await tx
			.update(showtimes)
			.set({ redisEpoch: sql`greatest(${showtimes.redisEpoch}, ${request.installedEpoch}::integer) + 1` })
			.where(and(eq(showtimes.id, id), eq(showtimes.redisEpoch, request.seenEpoch)))
			.returning({ epoch: showtimes.redisEpoch });
		const [row] = await selectShowtimes(tx).where(eq(showtimes.id, id));
		if (row === undefined) return { outcome: "unknown" };
		if (taken === undefined) return { outcome: "raced" };
		const timeline = openedTimelineOf({ timeline: row.showtime.timeline, epoch: request.seenEpoch });
		const isQuarantined = await checkQuarantine(tx, { id, timeline }, request);
		const snapshot = {
			showtime: openShowtimeOf(row),
			blockedSeats: row.showtime.blockedSeats,
			epoch: taken.epoch,
			isQuarantined,
			deadLetteredEntries: await listDeadLetteredEntries(tx, bucketOf(id)),
			bookings: await readBookings(tx, id),
		};
		return { outcome: "opened", snapshot };
	};
	try {
		return await writeTo(database, "rebuilding", (queries) => queries.transaction(open), LONG_TRANSACTION_MAX_MS);
	} catch (error) {
		if (isLockTimeout(error)) return { outcome: "locked" };
		throw error;
	}
}

type LastOpened = { readonly id: ShowtimeId; readonly timeline: number | null };

/**
 * Returns whether the showtime is quarantined: a loss was proven after it was last opened, so seats that appear free may have been sold.
 * Otherwise, or when the quarantine is over, records the showtime as opened under the current timeline of its bucket.
 */
async function checkQuarantine(tx: Queries, { id, timeline }: LastOpened, request: OpenInLedgerRequest): Promise<boolean> {
	const [bucket] = await tx
		.select({ timeline: buckets.timeline, isOver: isQuarantineOver(request.quarantineMs) })
		.from(buckets)
		.where(eq(buckets.bucket, bucketOf(id)));
	// Uses the higher timeline, because the caller's may be stale when the caller was delayed after it read the timeline.
	const current = Math.max(request.timeline, bucket?.timeline ?? 0);
	if (timeline !== null && timeline < current && bucket?.isOver !== true) return true;
	await tx.update(showtimes).set({ timeline: current }).where(eq(showtimes.id, id));
	return false;
}

/**
 * Reads all bookings with their active seats, in two queries. One join took Postgres over 15 s while its statistics were from before the
 * sale, as they are right after a showtime sells out.
 */
async function readBookings(tx: Queries, id: ShowtimeId): Promise<RecordedBooking[]> {
	const owned = await tx
		.select({ bookingId: bookingSeats.bookingId, seats: sql<number[]>`array_agg(${bookingSeats.seat} order by ${bookingSeats.seat})` })
		.from(bookingSeats)
		.where(and(eq(bookingSeats.showtimeId, id), isNull(bookingSeats.releasedAt)))
		.groupBy(bookingSeats.bookingId);
	const seatsOf = new Map<BookingId, readonly number[]>(owned.map(({ bookingId, seats }) => [bookingId, seats]));
	const rows = await tx
		.select({ bookingId: bookings.id, userId: bookings.userId, state: bookings.state, version: bookings.version })
		.from(bookings)
		.where(eq(bookings.showtimeId, id))
		.orderBy(asc(bookings.id));
	return rows.map((row) => ({ ...row, seats: seatsOf.get(row.bookingId) ?? [] }));
}
