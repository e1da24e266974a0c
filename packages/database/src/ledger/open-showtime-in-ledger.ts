/**
 * First step of a rebuild: take the next epoch of a showtime, then read all that the ledger knows of it. From the moment
 * the epoch is taken no entry of an older one can be settled, so what is read here cannot be out of date when it is
 * installed. Source: ADR 0005.
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

export type OpenInLedgerRequest = {
	/** The epoch that `findOpening` gave, read *before* the seat store was claimed: read later, it guards nothing. */
	readonly seenEpoch: number;
	/** The epoch it was last installed under in the seat store, 0 when never. Above the ledger's after the ledger was restored from a backup. */
	readonly installedEpoch: number;
	/** The timeline of the bucket, as `checkTimeline` gave it. */
	readonly timeline: number;
	/** How long after a proven loss the seats of older showtimes are kept back; null: until a person opens them. */
	readonly quarantineMs: number | null;
};

/**
 * `raced`: another took the epoch after `seenEpoch`; wait for what it installs. `locked`: another transaction has locked
 * the showtime's row or a table, and nothing was done; try again soon. `unknown`: no such showtime.
 */
export type OpenInLedgerOutcome =
	| { outcome: "opened"; snapshot: ShowtimeSnapshot }
	| { outcome: "raced" }
	| { outcome: "locked" }
	| { outcome: "unknown" };

/**
 * Raise the epoch if it still is `seenEpoch`, judge whether the showtime is quarantined, and read it under the new epoch
 * with every booking (50,000 seats in 10,000 bookings: 0.3 s). Of several at once exactly one opens. Called again with the
 * same epoch: `raced`. When it throws, the epoch may have been taken: ask `findOpening` again.
 */
export async function openShowtimeInLedger(database: Database, id: ShowtimeId, request: OpenInLedgerRequest): Promise<OpenInLedgerOutcome> {
	const open = async (tx: Queries): Promise<OpenInLedgerOutcome> => {
		await boundTransaction(tx);
		// Before anything is read: it waits for every settling that holds the row for share, and what is read below comes after them.
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
 * Whether loss was proven after the showtime was last opened, so that seats which look free may be sold already. If not, or if the
 * quarantine is over, records the showtime as opened under the bucket's timeline.
 */
async function checkQuarantine(tx: Queries, { id, timeline }: LastOpened, request: OpenInLedgerRequest): Promise<boolean> {
	const [bucket] = await tx
		.select({ timeline: buckets.timeline, isOver: isQuarantineOver(request.quarantineMs) })
		.from(buckets)
		.where(eq(buckets.bucket, bucketOf(id)));
	// The higher one: a caller may have been asleep since it asked for the timeline.
	const standing = Math.max(request.timeline, bucket?.timeline ?? 0);
	if (timeline !== null && timeline < standing && bucket?.isOver !== true) return true;
	await tx.update(showtimes).set({ timeline: standing }).where(eq(showtimes.id, id));
	return false;
}

/**
 * Two reads, put together here. As one join they took Postgres over 15 s where its statistics were from before the sale,
 * and of a showtime that has just sold out they are.
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
