/**
 * One page of a user's bookings out of two stores: the ledger, paged by id, and over it what Redis still has. Of
 * two records of one booking the higher version stands. The status is judged after that, so a booking cancelled a
 * moment ago is not listed as confirmed because the ledger has not heard yet.
 */
import { type Database, listBookings } from "@holdfast/database";
import { type Booking, type BookingId, type BookingStatus, bucketOf, statusOf, type UserId } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";
import type { ReportUnreadable } from "../leave-out-unreadable.ts";

export type CollectRequest = {
	readonly userId: UserId;
	/** Only bookings older than this one; null: from the newest. */
	readonly beforeId: BookingId | null;
	readonly limit: number;
	readonly status: BookingStatus | null;
};

/** `nowMs` of a booking is the clock that judges it. */
export type BookingPageFound = { readonly bookings: (Booking & { readonly nowMs: number })[]; readonly nextCursor: BookingId | null };

/** Ledger pages read for one answer. When the filter lets too little through, the page is short and has a cursor. */
const LEDGER_PAGES_MAX = 5;
/** Records that Redis is asked for beside one page of the ledger: each is a command, and a user may have left thousands of holds. */
export const RECENT_PER_PAGE_MAX = 150;

export async function collectBookings(
	{ seatStore, database, reportUnreadable }: { seatStore: SeatStore; database: Database; reportUnreadable: ReportUnreadable },
	{ userId, beforeId, limit, status }: CollectRequest,
): Promise<BookingPageFound> {
	const recentIds = await seatStore.listRecentBookingIds(userId);
	const bookings: BookingPageFound["bookings"] = [];
	let before = beforeId;
	for (let pages = 0; pages < LEDGER_PAGES_MAX; pages += 1) {
		// One more than asked, so that the usual page knows from one read whether there is a next one.
		const page = await listBookings(database, { userId, beforeId: before ?? undefined, limit: limit + 1 });
		// A full page says nothing about what is older than its last row; a short one has reached the end.
		const ledgerFloor = page.rowCount <= limit ? null : page.lastId;
		const inWindow = recentIds.filter((id) => (before === null || id < before) && (ledgerFloor === null || id >= ledgerFloor));
		const asked = inWindow.slice(0, RECENT_PER_PAGE_MAX);
		// Of what is older than the last that Redis was asked for, its later word is not known yet.
		const floor = inWindow.length > asked.length ? (asked.at(-1) ?? null) : ledgerFloor;
		const isInPage = (id: BookingId): boolean => floor === null || id >= floor;
		const recent = await seatStore.readBookings(asked);
		const unreadable = [...page.unreadable.filter(({ bookingId }) => isInPage(bookingId)), ...recent.unreadable];
		for (const { bookingId, error } of unreadable) reportUnreadable("booking", bookingId, error);
		const recorded = page.bookings.map(({ booking }) => booking).filter(({ id }) => isInPage(id));
		const window = overlay(recorded, recent.bookings, new Set(unreadable.map(({ bookingId }) => bookingId)));
		for (const booking of window) {
			// The ledger has no holds, and of what Redis was not asked for no clock decides anything.
			const nowMs = recent.clocks.get(bucketOf(booking.id)) ?? 0;
			if (status !== null && statusOf(booking, nowMs) !== status) continue;
			if (bookings.length === limit) return { bookings, nextCursor: bookings.at(-1)?.id ?? null };
			bookings.push({ ...booking, nowMs });
		}
		if (floor === null) return { bookings, nextCursor: null };
		before = floor;
	}
	return { bookings, nextCursor: before };
}

/**
 * Newest first. At the same version the ledger's record stands: it is the one that knows it is recorded. Without `leftOut`: where one of
 * two copies cannot be read, the other may be the older one, which would list a cancelled booking as confirmed.
 */
function overlay(recorded: readonly Booking[], recent: readonly Booking[], leftOut: ReadonlySet<BookingId>): Booking[] {
	const byId = new Map(recorded.map((booking) => [booking.id, booking]));
	for (const booking of recent) {
		const known = byId.get(booking.id);
		if (known === undefined || booking.version > known.version) byId.set(booking.id, booking);
	}
	for (const id of leftOut) byId.delete(id);
	return [...byId.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
}
