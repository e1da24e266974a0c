/**
 * Record what can be recorded now. The last resort against locks: the showtimes and users that a batch needs are locked
 * before (`take-rows.ts`), so a statement meets a lock only where another transaction holds a booking, or something unforeseen.
 */
import { type BookingId, isBookingEvent, type ShowtimeId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { isLockTimeout } from "../classify-error.ts";
import type { Queries } from "../create-database.ts";
import type { EventEntry } from "./judged-entry.ts";
import type { RecordContext } from "./record-context.ts";
import { addUp, NOTHING_RECORDED, type RecordedOrBuried, recordOrBury } from "./record-or-bury.ts";
import { boundLockWaits } from "./settle-lock.ts";

/** How long a statement may wait once it is known that the batch meets a lock. Every showtime that is locked costs the others this much. */
const NEXT_LOCK_TIMEOUT_MS = 50;

/** `done`: entries that were recorded or buried. `waiting`: showtimes with entries that were not, because a lock is in the way. */
export type RecordedOrWaiting = RecordedOrBuried & { readonly done: readonly EventEntry[]; readonly waiting: ReadonlySet<ShowtimeId> };

/**
 * Record the entries, in stream order. When a statement waits too long for a lock, record them without what needs a locked
 * booking; and if that meets a lock, too, one showtime after the other.
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
		total = addUp(total, part);
		done.push(...own);
	}
	return { ...total, done, waiting };
}

/** All of these or, when a lock is in the way, none. */
async function attempt(tx: Queries, entries: readonly EventEntry[], context: RecordContext): Promise<RecordedOrBuried | "lock_timeout"> {
	try {
		return await recordOrBury(tx, entries, context);
	} catch (error) {
		if (isLockTimeout(error)) return "lock_timeout";
		throw error;
	}
}

/** A showtime waits from its first entry that needs a locked booking on. */
function splitAtLocked(entries: readonly EventEntry[], locked: ReadonlySet<BookingId>) {
	const waiting = new Set<ShowtimeId>();
	const free = entries.filter(({ event }) => {
		if (isBookingEvent(event) && locked.has(event.bookingId)) waiting.add(event.showtimeId);
		return !waiting.has(event.showtimeId);
	});
	return { free, waiting };
}

/** Take the bookings of these entries that exist, with their seats; gives those of which another transaction has locked a row. */
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
