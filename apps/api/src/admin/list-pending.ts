/** Lists live holds for staff, from Redis: those of some showtimes, or of one user. The ledger has no holds. */
import {
	type AdminBooking,
	type BookingFilter,
	findBookingContexts,
	type PageRequest,
	parseCursor,
	type UnreadableRow,
	writeCursor,
} from "@holdfast/database";
import { type Booking, type BookingId, bucketOf, parseBookingId, statusOf } from "@holdfast/domain";
import { RECENT_PER_PAGE_MAX } from "../bookings/collect-bookings.ts";
import { labelsOf } from "../bookings/present-booking.ts";
import type { RouteDeps } from "../deps.ts";
import type { ListedBooking, ListOutcome } from "./listed-booking.ts";

/** Which live holds: `showtimeIds` or `userId` must be given. */
export type PendingFilter = Omit<BookingFilter, "status">;

type Deps = Pick<RouteDeps, "seatStore" | "database" | "seatPlans">;

/** The key of every cursor, so that the cursor of another list is refused. */
const CURSOR_KEY = "pending";

/** Returns a page of the holds that are live now, newest first. Throws when a store is unavailable. */
export async function listPending(deps: Deps, filter: PendingFilter, { limit, cursor }: PageRequest): Promise<ListOutcome> {
	const before =
		cursor === undefined
			? undefined
			: parseCursor(
					cursor,
					(text) => parseBookingId(text),
					(key) => key === CURSOR_KEY,
				);
	if (before === null) return { outcome: "bad_cursor" };
	const ids = (await findCandidates(deps, filter)).filter((id) => before === undefined || id < before.id);
	const items: ListedBooking[] = [];
	const unreadable: UnreadableRow[] = [];
	for (let at = 0; at < ids.length && items.length <= limit; at += RECENT_PER_PAGE_MAX) {
		const read = await readHolds(deps, filter, ids.slice(at, at + RECENT_PER_PAGE_MAX));
		items.push(...read.items);
		unreadable.push(...read.unreadable);
	}
	const kept = items.slice(0, limit);
	const last = kept.at(-1);
	const nextCursor = items.length > limit && last !== undefined ? writeCursor({ key: CURSOR_KEY, id: last.booking.id }) : null;
	return { outcome: "page", items: kept, unreadable, nextCursor };
}

/** The ids of all holds that may be listed, newest first. A hold has no refund and was not confirmed. */
async function findCandidates({ seatStore }: Deps, { showtimeIds, userId, refund, period }: PendingFilter): Promise<BookingId[]> {
	if (refund !== undefined || period === "confirmed") return [];
	if (showtimeIds === undefined) return userId === undefined ? [] : seatStore.listRecentBookingIds(userId);
	const live = await Promise.all([...new Set(showtimeIds)].map((showtimeId) => seatStore.listLiveHolds(showtimeId)));
	return live
		.flat()
		.filter((hold) => userId === undefined || hold.userId === userId)
		.map(({ bookingId }) => bookingId)
		.toSorted((a, b) => (a < b ? 1 : -1));
}

async function readHolds(deps: Deps, filter: PendingFilter, ids: readonly BookingId[]) {
	const { bookings, clocks, unreadable } = await deps.seatStore.readBookings(ids);
	const readAtMs = (booking: Booking): number => clocks.get(bucketOf(booking.id)) ?? 0;
	const live = bookings.filter((booking) => statusOf(booking, readAtMs(booking)) === "pending" && meetsOwn(booking, filter));
	const contextOf = await findBookingContexts(deps.database, live);
	const found = live.map((booking) => ({ booking, ...contextOf(booking) })).filter((one) => meetsShown(one.showtime, filter));
	const items = await Promise.all(
		found.map(async (one): Promise<ListedBooking> => {
			const plan = await deps.seatPlans.find(one.booking.planId, one.booking.id);
			return { ...one, seatLabels: labelsOf(plan, one.booking.seats), readAtMs: readAtMs(one.booking) };
		}),
	);
	return { items, unreadable };
}

const isWithin = (value: number, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY): boolean => value >= from && value < to;

/** Whether the filters of the booking itself are met. Candidates are of the user already. */
function meetsOwn(booking: Booking, filter: PendingFilter): boolean {
	const { showtimeIds, currency, amountMin, amountMax, period = "placed", fromMs, toMs } = filter;
	return (
		(showtimeIds === undefined || showtimeIds.includes(booking.showtimeId)) &&
		(currency === undefined || booking.currency === currency) &&
		booking.amount >= (amountMin ?? 0) &&
		booking.amount <= (amountMax ?? Number.POSITIVE_INFINITY) &&
		(period !== "placed" || isWithin(booking.createdAt, fromMs, toMs))
	);
}

/** Whether the filters of its showtime are met. */
function meetsShown({ movie, auditorium, startsAt }: AdminBooking["showtime"], filter: PendingFilter): boolean {
	const { movieId, auditoriumId, period, fromMs, toMs } = filter;
	return (
		(movieId === undefined || movie.id === movieId) &&
		(auditoriumId === undefined || auditorium.id === auditoriumId) &&
		(period !== "starts" || isWithin(startsAt, fromMs, toMs))
	);
}
