/**
 * Reads one page of a user's bookings from both stores: the ledger, paged by id, merged with the records that Redis still has. If two
 * copies of a booking differ, the higher version wins. The status filter runs after the merge, so a booking cancelled a moment ago is
 * not listed as confirmed while the ledger does not have the cancellation yet.
 */
import { type Database, listBookings } from "@holdfast/database";
import { type Booking, type BookingId, type BookingStatus, bucketOf, type ShowtimeId, statusOf, type UserId } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";
import type { ReportUnreadable } from "../present-skipping-unreadable.ts";

/** Which page of which user's bookings to read. */
export type CollectRequest = {
	readonly userId: UserId;
	/** Only bookings older than this one. Null: start at the newest. */
	readonly beforeId: BookingId | null;
	readonly limit: number;
	/** Only bookings of this showtime. Null: of all showtimes. */
	readonly showtimeId: ShowtimeId | null;
	readonly status: BookingStatus | null;
};

/**
 * Bookings, newest first. `readAtMs` is the Redis time (epoch ms) at which the booking was read and its status is evaluated; 0 if no record
 * of its bucket was read.
 */
export type BookingPageFound = { readonly bookings: (Booking & { readonly readAtMs: number })[]; readonly nextCursor: BookingId | null };

/** Maximum number of ledger pages read for one response. If the filter drops too many, the response is a short page with a cursor. */
const LEDGER_PAGES_MAX = 5;
/** Maximum number of Redis records read per ledger page: each one is a command, and a user may have thousands of recent holds. */
export const RECENT_PER_PAGE_MAX = 150;

/** Returns the page. Bookings that cannot be read are reported and left out. Throws when a store is unavailable. */
export async function collectBookings(
	{ seatStore, database, reportUnreadable }: { seatStore: SeatStore; database: Database; reportUnreadable: ReportUnreadable },
	{ userId, beforeId, limit, showtimeId, status }: CollectRequest,
): Promise<BookingPageFound> {
	const isOfShowtime = (booking: Booking): boolean => showtimeId === null || booking.showtimeId === showtimeId;
	// A booking is in the bucket of its showtime, so the records of other buckets need not be read.
	const recentIds = (await seatStore.listRecentBookingIds(userId)).filter(
		(id) => showtimeId === null || bucketOf(id) === bucketOf(showtimeId),
	);
	const bookings: BookingPageFound["bookings"] = [];
	let before = beforeId;
	for (let pages = 0; pages < LEDGER_PAGES_MAX; pages += 1) {
		// One row more than requested: so one read usually shows whether there is a next page.
		const page = await listBookings(database, {
			userId,
			beforeId: before ?? undefined,
			showtimeId: showtimeId ?? undefined,
			limit: limit + 1,
		});
		// A full page says nothing about bookings older than its last row. A short page has reached the end.
		const ledgerFloor = page.rowCount <= limit ? null : page.lastId;
		const inWindow = recentIds.filter((id) => (before === null || id < before) && (ledgerFloor === null || id >= ledgerFloor));
		const requestedIds = inWindow.slice(0, RECENT_PER_PAGE_MAX);
		// Below the oldest record read from Redis, Redis may have newer versions that were not read yet.
		const floor = inWindow.length > requestedIds.length ? (requestedIds.at(-1) ?? null) : ledgerFloor;
		const isInPage = (id: BookingId): boolean => floor === null || id >= floor;
		const recent = await seatStore.readBookings(requestedIds);
		const unreadable = [...page.unreadable.filter(({ bookingId }) => isInPage(bookingId)), ...recent.unreadable];
		for (const { bookingId, error } of unreadable) reportUnreadable("booking", bookingId, error);
		const recorded = page.bookings.map(({ booking }) => booking).filter(({ id }) => isInPage(id));
		const window = mergeBookings(recorded, recent.bookings.filter(isOfShowtime), new Set(unreadable.map(({ bookingId }) => bookingId)));
		for (const booking of window) {
			// A booking without a clock is from the ledger, which has no holds: its status does not depend on the time.
			const readAtMs = recent.clocks.get(bucketOf(booking.id)) ?? 0;
			if (status !== null && statusOf(booking, readAtMs) !== status) continue;
			if (bookings.length === limit) return { bookings, nextCursor: bookings.at(-1)?.id ?? null };
			bookings.push({ ...booking, readAtMs });
		}
		if (floor === null) return { bookings, nextCursor: null };
		before = floor;
	}
	return { bookings, nextCursor: before };
}

/**
 * Newest first. At equal versions the ledger's copy wins, because it has `recorded` set. `excluded` bookings are left out: if one of two
 * copies cannot be read, the other may be the older one, which would list a cancelled booking as confirmed.
 */
function mergeBookings(recorded: readonly Booking[], recent: readonly Booking[], excluded: ReadonlySet<BookingId>): Booking[] {
	const byId = new Map(recorded.map((booking) => [booking.id, booking]));
	for (const booking of recent) {
		const known = byId.get(booking.id);
		if (known === undefined || booking.version > known.version) byId.set(booking.id, booking);
	}
	for (const id of excluded) byId.delete(id);
	return [...byId.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
}
