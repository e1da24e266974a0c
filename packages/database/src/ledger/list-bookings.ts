/** Lists a user's bookings in the ledger, newest first. */
import type { BookingId, ShowtimeId, UserId } from "@holdfast/domain";
import { and, desc, eq, lt, type SQL } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { bookings } from "../schema/index.ts";
import { addSeats, type BookingsOfRows, selectBookings } from "./ledger-booking.ts";

/** Which of a user's bookings to list. */
export type ListBookingsRequest = {
	readonly userId: UserId;
	/** Only bookings that were placed before this one, which need not exist. Ids sort by the time a booking was placed. */
	readonly beforeId?: BookingId | undefined;
	/**
	 * Only bookings of this showtime. Postgres combines `bookings_by_user` and `bookings_by_showtime`: at most 28 ms of 300,000 bookings for
	 * a user with 10,000 of them, also at a showtime with 24,000. So there is no index of both.
	 */
	readonly showtimeId?: ShowtimeId | undefined;
	readonly limit: number;
};

/**
 * A page of bookings. `rowCount` counts all rows, including unreadable ones. `lastId` is the id of the oldest row, readable or not, and is
 * the `beforeId` of the next page; null when the page is empty.
 */
export type LedgerPage = BookingsOfRows & { readonly rowCount: number; readonly lastId: BookingId | null };

/**
 * Returns at most `limit` rows; fewer rows mean that there are no more. Pages by keyset on the id, so pages stay consistent while bookings
 * are added. An unreadable row does not fail the page.
 */
export function listBookings(database: Database, { userId, beforeId, showtimeId, limit }: ListBookingsRequest): Promise<LedgerPage> {
	const conditions: SQL[] = [eq(bookings.userId, userId)];
	if (beforeId !== undefined) conditions.push(lt(bookings.id, beforeId));
	if (showtimeId !== undefined) conditions.push(eq(bookings.showtimeId, showtimeId));
	return readFrom(database, "bookings", async (queries) => {
		const rows = await selectBookings(queries)
			.where(and(...conditions))
			.orderBy(desc(bookings.id))
			.limit(limit);
		return { ...(await addSeats(queries, rows)), rowCount: rows.length, lastId: rows.at(-1)?.booking.id ?? null };
	});
}
