/** Lists the showtimes that are not over, and the bookings of one user at them: what the deletion of an account has to look through. */
import type { BookingId, BookingState, ShowtimeId, UserId } from "@holdfast/domain";
import { and, asc, eq, gt, inArray, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { bookings, movies, showtimes } from "../schema/index.ts";

/** Instants are epoch ms. `isOver`: it has ended, by the clock of Postgres. */
export type UnendedShowtime = {
	readonly id: ShowtimeId;
	readonly movieTitle: string;
	readonly startsAt: number;
	readonly isOver: boolean;
};

/**
 * Showtimes of any state that are not over or ended less than `endedWithinMs` ago, by id, at most `limit` after `afterId`: fewer
 * means there are no more.
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

/** A booking's place in the ledger, without its seats. */
export type LedgerState = {
	readonly id: BookingId;
	readonly showtimeId: ShowtimeId;
	readonly state: BookingState;
	readonly version: number;
};

/** The user's bookings at these showtimes, cancelled ones too: caps of the seat store bound those that are not. */
export function listBookingsAt(database: Database, userId: UserId, showtimeIds: readonly ShowtimeId[]): Promise<LedgerState[]> {
	return readFrom(database, "bookings", (queries) =>
		queries
			.select({ id: bookings.id, showtimeId: bookings.showtimeId, state: bookings.state, version: bookings.version })
			.from(bookings)
			.where(and(eq(bookings.userId, userId), inArray(bookings.showtimeId, [...showtimeIds]))),
	);
}
