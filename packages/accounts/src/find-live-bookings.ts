/**
 * What a user still has: confirmed bookings at showtimes that are not over, and live holds. Two places know of them, and neither
 * knows all: Redis has what is not settled yet, Postgres what Redis has lost or let expire.
 *
 * Redis is asked for the entry of this user at each showtime. The user index would be one read per bucket, but keeps 200 bookings of
 * a bucket: somebody who holds and releases often enough pushes an unsettled confirm out of it.
 */
import { type Database, type LedgerState, listBookingsAt, listUnendedShowtimes, type UnendedShowtime } from "@holdfast/database";
import { type Booking, type BookingId, bucketOf, LIMIT_SPECS, type ShowtimeId, statusOf, type UserId } from "@holdfast/domain";
import { type SeatStore, SHOWTIMES_ASKED_MAX } from "@holdfast/seat-store";

/** A confirmed booking of a showtime that is not over. `startsAt` is epoch ms. */
export type BookingAhead = {
	readonly bookingId: BookingId;
	readonly showtimeId: ShowtimeId;
	readonly movieTitle: string;
	readonly startsAt: number;
};

/** A hold that its user could confirm. */
export type LiveHold = { readonly bookingId: BookingId; readonly showtimeId: ShowtimeId; readonly version: number };

/** `isMore`: there are more confirmed bookings than `BOOKINGS_LISTED_MAX`; then `holds` is not whole. */
export type LiveBookings = { readonly ahead: BookingAhead[]; readonly isMore: boolean; readonly holds: LiveHold[] };

export type LookDeps = { readonly seatStore: SeatStore; readonly database: Database };

/** Confirmed bookings that one look names. One is enough to keep an account; nobody reads a longer list. */
export const BOOKINGS_LISTED_MAX = 100;

/** A hold of a showtime that ended no longer ago than a hold may live can still be live. */
const ENDED_WITHIN_MS = LIMIT_SPECS.holdLifeMaxMs.max;

/** Reads only. Throws what a store threw: a look that could not ask both stores is no look. */
export async function findLiveBookings(deps: LookDeps, userId: UserId): Promise<LiveBookings> {
	const found: LiveBookings = { ahead: [], isMore: false, holds: [] };
	let afterId: ShowtimeId | null = null;
	for (;;) {
		const page = await listUnendedShowtimes(deps.database, { afterId, endedWithinMs: ENDED_WITHIN_MS, limit: SHOWTIMES_ASKED_MAX });
		const { ahead, holds } = await findAt(deps, userId, page);
		found.ahead.push(...ahead);
		found.holds.push(...holds);
		if (found.ahead.length > BOOKINGS_LISTED_MAX) return { ...found, ahead: found.ahead.slice(0, BOOKINGS_LISTED_MAX), isMore: true };
		const last = page.at(-1);
		if (last === undefined || page.length < SHOWTIMES_ASKED_MAX) return found;
		afterId = last.id;
	}
}

async function findAt({ seatStore, database }: LookDeps, userId: UserId, page: readonly UnendedShowtime[]) {
	const showtimes = new Map(page.map((showtime) => [showtime.id, showtime]));
	const idsHere = await seatStore.findUserBookings(userId, [...showtimes.keys()]);
	const ledger = new Map((await listBookingsAt(database, userId, [...showtimes.keys()])).map((row) => [row.id, row]));
	const ids = [...new Set([...idsHere, ...ledger.keys()])];
	const read = await seatStore.readBookings(ids);
	// What cannot be read may be a confirmed booking: the account must not end on a guess.
	for (const { error } of read.unreadable) throw error;
	const records = new Map(read.bookings.map((booking) => [booking.id, booking]));

	const ahead: BookingAhead[] = [];
	const holds: LiveHold[] = [];
	for (const bookingId of ids) {
		const nowMs = read.clocks.get(bucketOf(bookingId)) ?? 0;
		const { status, showtimeId, version } = judge(bookingId, { record: records.get(bookingId), row: ledger.get(bookingId), nowMs });
		const showtime = showtimes.get(showtimeId);
		if (status === "pending") holds.push({ bookingId, showtimeId, version });
		if (status === "confirmed" && showtime?.isOver === false) {
			const { movieTitle, startsAt } = showtime;
			ahead.push({ bookingId, showtimeId, movieTitle, startsAt });
		}
	}
	return { ahead, holds };
}

type Copies = { readonly record: Booking | undefined; readonly row: LedgerState | undefined; readonly nowMs: number };

/** If the two copies differ, the higher version wins; on a tie, the ledger's. */
function judge(bookingId: BookingId, { record, row, nowMs }: Copies) {
	if (record !== undefined && (row === undefined || record.version > row.version)) {
		const { showtimeId, version } = record;
		return { status: statusOf(record, nowMs), showtimeId, version };
	}
	// Its seats are taken in Redis, and neither store can tell what it is: no account is deleted over that.
	if (row === undefined) throw new Error(`booking ${bookingId} has seats, but no record and no row in the ledger`);
	const status = row.state === "CONFIRMED" ? ("confirmed" as const) : ("cancelled" as const);
	return { status, showtimeId: row.showtimeId, version: row.version };
}
