/** A user's bookings, newest first, as the ledger has them. */
import type { BookingId, UserId } from "@holdfast/domain";
import { and, desc, eq, lt } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { bookings } from "../schema/index.ts";
import { addSeats, type ReadRows, selectBookings } from "./ledger-booking.ts";

/** `beforeId`: only bookings placed before that one, which need not exist. Ids sort by the time a booking was placed. */
export type ListBookingsRequest = { readonly userId: UserId; readonly beforeId?: BookingId | undefined; readonly limit: number };

/**
 * `rowCount` counts every row of the page, those that cannot be read included; `lastId` is the oldest one, null when there was none.
 * So the next page begins behind them.
 */
export type LedgerPage = ReadRows & { readonly rowCount: number; readonly lastId: BookingId | null };

/**
 * At most `limit` rows; fewer means there are no more. Keyset-paged by id: stable while bookings are added. A row that cannot be read
 * does not keep the others back.
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
