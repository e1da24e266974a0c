/**
 * Records the entries of a batch that no lock of another transaction blocks. This is the last resort against lock waits: settling has
 * already locked the showtimes and users of the batch (`take-rows.ts`), so a statement waits only when another transaction has locked a
 * booking or another unexpected row.
 */
import { type BookingId, isBookingEvent, type ShowtimeId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { isLockTimeout } from "../classify-error.ts";
import type { Queries } from "../create-database.ts";
import type { RecordContext } from "./record-context.ts";
import { addResults, NOTHING_RECORDED, type RecordedOrDeadLettered, recordOrDeadLetter } from "./record-or-dead-letter.ts";
import { boundLockWaits } from "./settle-lock.ts";
import type { EventEntry } from "./sorted-entry.ts";

/** The lock timeout after a first statement of the batch has timed out. Each locked showtime delays the others by this much. */
const NEXT_LOCK_TIMEOUT_MS = 50;

/** `done`: entries that were recorded or found to be poison. `waiting`: showtimes with entries that a lock keeps from being recorded. */
export type RecordedOrWaiting = RecordedOrDeadLettered & {
	readonly done: readonly EventEntry[];
	readonly waiting: ReadonlySet<ShowtimeId>;
};

/**
 * Records the entries in stream order. When a statement times out waiting for a lock, retries without the entries that need a locked
 * booking. When that times out too, records one showtime at a time.
 */
export async function recordOrWait(tx: Queries, entries: readonly EventEntry[], context: RecordContext): Promise<RecordedOrWaiting> {
	const whole = await attempt(tx, entries, context);
	if (whole !== "lock_timeout") return { ...whole, done: entries, waiting: new Set() };
	await boundLockWaits(tx, NEXT_LOCK_TIMEOUT_MS);
	const { free, waiting } = splitAtLocked(entries, await findLockedBookings(tx, entries));
	const rest = await attempt(tx, free, context);
	if (rest !== "lock_timeout") return { ...rest, done: free, waiting };
	return recordByShowtime(tx, free, { context, waiting });
}

async function recordByShowtime(
	tx: Queries,
	entries: readonly EventEntry[],
	{ context, waiting: waitingBefore }: { context: RecordContext; waiting: ReadonlySet<ShowtimeId> },
): Promise<RecordedOrWaiting> {
	const waiting = new Set(waitingBefore);
	const done: EventEntry[] = [];
	let total = NOTHING_RECORDED;
	for (const [showtimeId, own] of Map.groupBy(entries, ({ event }) => event.showtimeId)) {
		const part = await attempt(tx, own, context);
		if (part === "lock_timeout") {
			waiting.add(showtimeId);
			continue;
		}
		total = addResults(total, part);
		done.push(...own);
	}
	return { ...total, done, waiting };
}

/** Records all of these entries, or none of them when a statement times out waiting for a lock. */
async function attempt(
	tx: Queries,
	entries: readonly EventEntry[],
	context: RecordContext,
): Promise<RecordedOrDeadLettered | "lock_timeout"> {
	try {
		return await recordOrDeadLetter(tx, entries, context);
	} catch (error) {
		if (isLockTimeout(error)) return "lock_timeout";
		throw error;
	}
}

/** Separates the entries: from its first entry that needs a locked booking, a showtime waits. */
function splitAtLocked(entries: readonly EventEntry[], locked: ReadonlySet<BookingId>) {
	const waiting = new Set<ShowtimeId>();
	const free = entries.filter(({ event }) => {
		if (isBookingEvent(event) && locked.has(event.bookingId)) waiting.add(event.showtimeId);
		return !waiting.has(event.showtimeId);
	});
	return { free, waiting };
}

/** Locks the existing bookings of these entries and their seats. Returns the bookings with a row that another transaction has locked. */
async function findLockedBookings(tx: Queries, entries: readonly EventEntry[]): Promise<ReadonlySet<BookingId>> {
	const ids = new Set(entries.flatMap(({ event }) => (isBookingEvent(event) ? event.bookingId : [])));
	const wanted = sql`${sql.param([...ids])}::uuid[]`;
	const rows = await tx.execute<{ id: BookingId }>(sql`
		with taken as (
			select id from bookings where id = any(${wanted}) for no key update skip locked
		), seats as (
			select booking_id, seat from booking_seats where booking_id = any(${wanted}) for no key update skip locked
		)
		select id from bookings where id = any(${wanted}) and id not in (select id from taken)
		union
		select booking_id from booking_seats
		where booking_id = any(${wanted}) and (booking_id, seat) not in (select booking_id, seat from seats)`);
	return new Set(rows.map(({ id }) => id));
}
