/** Lists conflicts that the staff must still settle: bookings that lost their seats to another booking. */
import type { BookingId, ShowtimeId, UserId } from "@holdfast/domain";
import { and, asc, count, eq, gt, inArray, isNull, or, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { bookings, refunds, showtimes } from "../schema/index.ts";
import { isKept } from "./list-uncorrected-conflicts.ts";

/** A conflict. `amount` is what is owed, in minor units of `currency`. */
export type OpenConflict = {
	readonly bookingId: BookingId;
	readonly showtimeId: ShowtimeId;
	readonly userId: UserId;
	readonly amount: number;
	readonly currency: string;
	/** Whether the seat store shows the real owners of the seats. The sweeper sees to it within seconds. */
	readonly isCorrected: boolean;
	/** When it was found, epoch ms. */
	readonly foundAt: number;
};

/**
 * Open: the refund was not paid back; or, of a booking that cost nothing, the showtime has not started; or the seat store is not corrected,
 * as long as it can be.
 */
const isOpen = and(
	eq(refunds.reason, "conflict"),
	eq(bookings.state, "CONFLICT"),
	or(
		and(gt(refunds.amount, 0), inArray(refunds.state, ["due", "failed"])),
		and(eq(refunds.amount, 0), gt(showtimes.startsAt, sql`now()`)),
		and(isNull(refunds.storeCorrectedAt), isKept),
	),
);

/** Returns how many conflicts are open. */
export async function countOpenConflicts(database: Database): Promise<number> {
	const [row] = await readFrom(database, "administration", (queries) =>
		queries
			.select({ count: count() })
			.from(refunds)
			.innerJoin(bookings, eq(bookings.id, refunds.bookingId))
			.innerJoin(showtimes, eq(showtimes.id, refunds.showtimeId))
			.where(isOpen),
	);
	return row?.count ?? 0;
}

/** Returns the open conflicts, the oldest first, at most `limit`. */
export async function listOpenConflicts(database: Database, { limit }: { readonly limit: number }): Promise<OpenConflict[]> {
	const rows = await readFrom(database, "administration", (queries) =>
		queries
			.select({ refund: refunds, userId: bookings.userId })
			.from(refunds)
			.innerJoin(bookings, eq(bookings.id, refunds.bookingId))
			.innerJoin(showtimes, eq(showtimes.id, refunds.showtimeId))
			.where(isOpen)
			.orderBy(asc(refunds.dueAt), asc(refunds.bookingId))
			.limit(limit),
	);
	return rows.map(({ refund: { bookingId, showtimeId, amount, currency, storeCorrectedAt, dueAt }, userId }) => {
		return { bookingId, showtimeId, userId, amount, currency, isCorrected: storeCorrectedAt !== null, foundAt: dueAt.getTime() };
	});
}
