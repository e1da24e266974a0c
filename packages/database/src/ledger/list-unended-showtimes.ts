/** Lists the showtimes that have not ended, and a user's bookings for them. The deletion of an account searches these for live bookings. */
import type { BookingId, BookingState, ShowtimeId, UserId } from "@holdfast/domain";
import { and, asc, eq, gt, inArray, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { bookings, movies, showtimes } from "../schema/index.ts";

/** A showtime that has not ended, or ended recently. `startsAt` is epoch ms. `isOver`: it has ended, by the Postgres clock. */
export type UnendedShowtime = {
	readonly id: ShowtimeId;
	readonly movieTitle: string;
	readonly startsAt: number;
	readonly isOver: boolean;
};

/**
 * Returns the showtimes in any state that have not ended, or ended less than `endedWithinMs` ago. Sorted by id, at most `limit` after
 * `afterId` (null: from the first one). Fewer rows mean that there are no more.
 */
export function listUnendedShowtimes(
	database: Database,
	{ afterId, endedWithinMs, limit }: { readonly afterId: ShowtimeId | null; readonly endedWithinMs: number; readonly limit: number },
): Promise<UnendedShowtime[]> {
	const isRecent = gt(showtimes.endsAt, sql`now() - ${endedWithinMs}::float8 * interval '1 millisecond'`);
	return readFrom(database, "bookings", async (queries) => {
		const rows = await queries
			.select({
				id: showtimes.id,
				movieTitle: movies.title,
				startsAt: showtimes.startsAt,
				isOver: sql<boolean>`${showtimes.endsAt} <= now()`,
			})
			.from(showtimes)
			.innerJoin(movies, eq(movies.id, showtimes.movieId))
			.where(afterId === null ? isRecent : and(isRecent, gt(showtimes.id, afterId)))
			.orderBy(asc(showtimes.id))
			.limit(limit);
		return rows.map((row) => ({ ...row, startsAt: row.startsAt.getTime() }));
	});
}

/** The state and version of a booking in the ledger, without its seats. */
export type LedgerState = {
	readonly id: BookingId;
	readonly showtimeId: ShowtimeId;
	readonly state: BookingState;
	readonly version: number;
};

/**
 * Returns the user's bookings for these showtimes, including cancelled ones. The limits of the seat store bound the number of bookings that
 * are not cancelled.
 */
export function listBookingsAt(database: Database, userId: UserId, showtimeIds: readonly ShowtimeId[]): Promise<LedgerState[]> {
	return readFrom(database, "bookings", (queries) =>
		queries
			.select({ id: bookings.id, showtimeId: bookings.showtimeId, state: bookings.state, version: bookings.version })
			.from(bookings)
			.where(and(eq(bookings.userId, userId), inArray(bookings.showtimeId, [...showtimeIds]))),
	);
}
