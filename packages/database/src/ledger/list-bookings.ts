/** Lists a user's bookings in the ledger, newest first. */
import type { BookingId, UserId } from "@holdfast/domain";
import { and, desc, eq, lt } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { bookings } from "../schema/index.ts";
import { addSeats, type BookingsOfRows, selectBookings } from "./ledger-booking.ts";

/** `beforeId`: only bookings that were placed before this one, which need not exist. Ids sort by the time a booking was placed. */
export type ListBookingsRequest = { readonly userId: UserId; readonly beforeId?: BookingId | undefined; readonly limit: number };

/**
 * A page of bookings. `rowCount` counts all rows, including unreadable ones. `lastId` is the id of the oldest row, readable or not, and is
 * the `beforeId` of the next page; null when the page is empty.
 */
export type LedgerPage = BookingsOfRows & { readonly rowCount: number; readonly lastId: BookingId | null };

/**
 * Returns at most `limit` rows; fewer rows mean that there are no more. Pages by keyset on the id, so pages stay consistent while bookings
 * are added. An unreadable row does not fail the page.
 */
export function listBookings(database: Database, { userId, beforeId, limit }: ListBookingsRequest): Promise<LedgerPage> {
	const own = eq(bookings.userId, userId);
	return readFrom(database, "bookings", async (queries) => {
		const rows = await selectBookings(queries)
			.where(beforeId === undefined ? own : and(own, lt(bookings.id, beforeId)))
			.orderBy(desc(bookings.id))
			.limit(limit);
		return { ...(await addSeats(queries, rows)), rowCount: rows.length, lastId: rows.at(-1)?.booking.id ?? null };
	});
}
