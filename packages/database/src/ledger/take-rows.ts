/**
 * Lock the rows that a batch needs until COMMIT, without waiting for any of them. A row that another transaction has locked
 * is named, and the caller leaves what needs it for later: waiting here would hold up every other entry of the batch.
 */
import { type BookingId, bucketOf, isBookingEvent, type ShowtimeId, type UserId } from "@holdfast/domain";
import { type SQL, sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import type { KnownShowtime } from "./find-flaw.ts";
import type { SettleEntry } from "./outbox-entry.ts";

/** Rows that exist and that another transaction has locked. */
export type LockedRows = {
	readonly showtimes: ReadonlySet<ShowtimeId>;
	readonly users: ReadonlySet<UserId>;
	readonly bookings: ReadonlySet<BookingId>;
};

/** `showtimes`: all that exist, locked ones included; one that is missing here is not in the ledger. */
export type TakenRows = { readonly showtimes: ReadonlyMap<ShowtimeId, KnownShowtime>; readonly locked: LockedRows };

/** Take what these entries of one bucket need. Entries of another bucket cannot be settled, so nothing is taken for them. */
export async function takeRows(tx: Queries, bucket: number, entries: readonly SettleEntry[]): Promise<TakenRows> {
	const events = entries.flatMap(({ event }) => (event !== null && bucketOf(event.showtimeId) === bucket ? [event] : []));
	const bookingEvents = events.filter(isBookingEvent);
	const changed = new Set(events.filter((event) => !isBookingEvent(event)).map(({ showtimeId }) => showtimeId));
	const cancelled = bookingEvents.filter(({ type }) => type === "booking.cancelled").map(({ bookingId }) => bookingId);
	const unchanged = bookingEvents.map(({ showtimeId }) => showtimeId).filter((id) => !changed.has(id));
	const toRead = await takeShowtimes(tx, [...new Set(unchanged)], sql`share`);
	// Taken as the update will need them: a share lock that is raised later can deadlock with another that does the same.
	const toChange = await takeShowtimes(tx, [...changed], sql`no key update`);
	return {
		showtimes: new Map([...toRead.known, ...toChange.known]),
		locked: {
			showtimes: new Set([...toRead.locked, ...toChange.locked]),
			users: await takeUsers(tx, [...new Set(bookingEvents.map(({ userId }) => userId))]),
			bookings: await takeBookings(tx, [...new Set(cancelled)]),
		},
	};
}

type TakenShowtimes = { readonly known: ReadonlyMap<ShowtimeId, KnownShowtime>; readonly locked: ReadonlySet<ShowtimeId> };

/**
 * Held until COMMIT, because a rebuild raises the epoch: either it waits for us and then reads what we wrote, or it was
 * first and we see its epoch here.
 */
async function takeShowtimes(tx: Queries, ids: readonly ShowtimeId[], strength: SQL): Promise<TakenShowtimes> {
	if (ids.length === 0) return { known: new Map(), locked: new Set() };
	const taken = await readShowtimes(tx, ids, sql`for ${strength} of showtimes skip locked`);
	if (taken.size === ids.length) return { known: taken, locked: new Set() };
	const others = await readShowtimes(
		tx,
		ids.filter((id) => !taken.has(id)),
		sql``,
	);
	return { known: new Map([...taken, ...others]), locked: new Set(others.keys()) };
}

async function readShowtimes(tx: Queries, ids: readonly ShowtimeId[], lock: SQL): Promise<Map<ShowtimeId, KnownShowtime>> {
	const rows = await tx.execute<{ id: ShowtimeId; epoch: number; is_cancelled: boolean; seat_count: number }>(sql`
		select showtimes.id, redis_epoch as epoch, state = 'cancelled' as is_cancelled, seat_count
		from showtimes join seat_plans on seat_plans.id = showtimes.seat_plan_id
		where showtimes.id = any(${sql.param(ids)}::uuid[])
		${lock}`);
	return new Map(rows.map(({ id, epoch, is_cancelled, seat_count }) => [id, { epoch, isCancelled: is_cancelled, seatCount: seat_count }]));
}

/** As the foreign key of a booking needs them. Gives those that are locked; one that does not exist is none of them. */
async function takeUsers(tx: Queries, ids: readonly UserId[]): Promise<ReadonlySet<UserId>> {
	if (ids.length === 0) return new Set();
	const read = (wanted: readonly UserId[], lock: SQL) =>
		tx.execute<{ id: UserId }>(sql`select id from users where id = any(${sql.param(wanted)}::uuid[]) ${lock}`);
	const taken = new Set((await read(ids, sql`for key share skip locked`)).map(({ id }) => id));
	if (taken.size === ids.length) return new Set();
	const rows = await read(
		ids.filter((id) => !taken.has(id)),
		sql``,
	);
	return new Set(rows.map(({ id }) => id));
}

/**
 * Bookings that are there already and will be changed, with their seats; gives those of which any row is locked. A confirm
 * nearly always inserts, so it is not asked for: where it does meet a locked row, the lock timeout ends its wait.
 */
async function takeBookings(tx: Queries, ids: readonly BookingId[]): Promise<ReadonlySet<BookingId>> {
	if (ids.length === 0) return new Set();
	const wanted = sql`${sql.param(ids)}::uuid[]`;
	const rows = await tx.execute<{ id: BookingId }>(sql`
		with taken as materialized (
			select id from bookings where id = any(${wanted}) for no key update skip locked
		), seats as materialized (
			select booking_id, seat from booking_seats where booking_id = any(${wanted}) for no key update skip locked
		)
		select id from bookings where id = any(${wanted}) and id not in (select id from taken)
		union
		select booking_id from booking_seats
		where booking_id = any(${wanted}) and (booking_id, seat) not in (select booking_id, seat from seats)`);
	return new Set(rows.map(({ id }) => id));
}
