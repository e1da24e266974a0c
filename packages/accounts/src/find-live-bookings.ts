/**
 * Finds the confirmed bookings of a user at showtimes that are not over, and the user's live holds. Both stores are read, because neither
 * has all of them: Redis has the bookings that are not settled yet, Postgres those that Redis has lost or expired.
 *
 * Rejected: reading the user index, which takes one call per bucket. It keeps the latest 200 bookings of a bucket, so a user who holds and
 * releases often enough pushes an unsettled confirm out of it. Instead, Redis is asked for the user's entry at each showtime.
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

/** `isMore`: the user has more confirmed bookings than `BOOKINGS_LISTED_MAX`; `holds` is then incomplete. */
export type LiveBookings = { readonly ahead: BookingAhead[]; readonly isMore: boolean; readonly holds: LiveHold[] };

/** The stores that are read. */
export type FindBookingsDeps = { readonly seatStore: SeatStore; readonly database: Database };

/** How many confirmed bookings are returned at most. One is enough to keep an account. */
export const BOOKINGS_LISTED_MAX = 100;

/** A hold can still be live for this long after its showtime has ended. */
const ENDED_WITHIN_MS = LIMIT_SPECS.holdLifeMaxMs.max;

/** Reads both stores and changes nothing. Throws if one of them fails, or if a booking cannot be read. */
export async function findLiveBookings(deps: FindBookingsDeps, userId: UserId): Promise<LiveBookings> {
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

async function findAt({ seatStore, database }: FindBookingsDeps, userId: UserId, page: readonly UnendedShowtime[]) {
	const showtimes = new Map(page.map((showtime) => [showtime.id, showtime]));
	const idsInRedis = await seatStore.findUserBookings(userId, [...showtimes.keys()]);
	const ledger = new Map((await listBookingsAt(database, userId, [...showtimes.keys()])).map((row) => [row.id, row]));
	const ids = [...new Set([...idsInRedis, ...ledger.keys()])];
	const read = await seatStore.readBookings(ids);
	// An unreadable record may be a confirmed booking, so the account must not be deleted.
	for (const { error } of read.unreadable) throw error;
	const records = new Map(read.bookings.map((booking) => [booking.id, booking]));

	const ahead: BookingAhead[] = [];
	const holds: LiveHold[] = [];
	for (const bookingId of ids) {
		const nowMs = read.clocks.get(bucketOf(bookingId)) ?? 0;
		const { status, showtimeId, version } = newerCopy(bookingId, { record: records.get(bookingId), row: ledger.get(bookingId), nowMs });
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

/** The state of a booking. If the two copies differ, the higher version wins; on a tie, the ledger's copy wins. */
function newerCopy(bookingId: BookingId, { record, row, nowMs }: Copies) {
	if (record !== undefined && (row === undefined || record.version > row.version)) {
		const { showtimeId, version } = record;
		return { status: statusOf(record, nowMs), showtimeId, version };
	}
	// Redis has given seats to this booking, but neither store has its state. It may be confirmed, so the account must not be deleted.
	if (row === undefined) throw new Error(`Booking ${bookingId} owns seats in Redis, but neither Redis nor Postgres has its record`);
	const status = row.state === "CONFIRMED" ? ("confirmed" as const) : ("cancelled" as const);
	return { status, showtimeId: row.showtimeId, version: row.version };
}
