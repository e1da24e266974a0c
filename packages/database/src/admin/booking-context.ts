/** Reads what staff see beside a booking: who has it, what is shown, and what is owed. */
import type { AuditoriumId, Booking, BookingId, MovieId, ShowtimeId, UserId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { eq, inArray } from "drizzle-orm";
import type { ReadQueries } from "../create-database.ts";
import { type BookingRefund, readRefunds } from "../ledger/find-refunds.ts";
import { auditoriums, movies, showtimes, users } from "../schema/index.ts";

/** The user of a booking. E-mail and name are null once the account was deleted. */
export type BookingUser = { readonly id: UserId; readonly email: string | null; readonly displayName: string | null };

/** The showtime of a booking, as the ledger has it now. Instants are epoch ms. */
export type BookedShowtime = {
	readonly id: ShowtimeId;
	readonly startsAt: number;
	readonly endsAt: number;
	readonly timeZone: string;
	readonly scheduleVersion: number;
	readonly movie: { readonly id: MovieId; readonly title: string };
	readonly auditorium: { readonly id: AuditoriumId; readonly name: string };
};

/** What belongs to a booking. */
export type BookingContext = { readonly user: BookingUser; readonly showtime: BookedShowtime; readonly refund: BookingRefund | null };

/** The fields of a booking that its context is found by. */
export type InContext = Pick<Booking, "id" | "userId" | "showtimeId">;

/**
 * Returns a function that gives the context of each of the bookings. It throws for a booking whose showtime the ledger does not have. A
 * booking need not be in the ledger: a hold has a context too.
 */
export async function readContexts(queries: ReadQueries, bookings: readonly InContext[]): Promise<(booking: InContext) => BookingContext> {
	const idsOf = <Id>(read: (booking: InContext) => Id): Id[] => [...new Set(bookings.map(read))];
	if (bookings.length === 0) return contextOf(new Map(), new Map(), new Map());
	const [found, shown, owed] = await Promise.all([
		queries
			.select({ id: users.id, email: users.email, displayName: users.displayName })
			.from(users)
			.where(
				inArray(
					users.id,
					idsOf(({ userId }) => userId),
				),
			),
		readShowtimes(
			queries,
			idsOf(({ showtimeId }) => showtimeId),
		),
		readRefunds(
			queries,
			idsOf(({ id }) => id),
		),
	]);
	return contextOf(new Map(found.map((user) => [user.id, user])), shown, owed);
}

const contextOf =
	(
		usersById: ReadonlyMap<UserId, BookingUser>,
		showtimesById: ReadonlyMap<ShowtimeId, BookedShowtime>,
		refundsById: ReadonlyMap<BookingId, BookingRefund>,
	) =>
	({ id, userId, showtimeId }: InContext): BookingContext => {
		const showtime = showtimesById.get(showtimeId);
		assert(showtime !== undefined, `no showtime ${showtimeId} found for booking ${id}`);
		return {
			user: usersById.get(userId) ?? { id: userId, email: null, displayName: null },
			showtime,
			refund: refundsById.get(id) ?? null,
		};
	};

async function readShowtimes(queries: ReadQueries, ids: readonly ShowtimeId[]): Promise<ReadonlyMap<ShowtimeId, BookedShowtime>> {
	const rows = await queries
		.select({
			id: showtimes.id,
			startsAt: showtimes.startsAt,
			endsAt: showtimes.endsAt,
			timeZone: showtimes.timeZone,
			scheduleVersion: showtimes.scheduleVersion,
			movie: { id: movies.id, title: movies.title },
			auditorium: { id: auditoriums.id, name: auditoriums.name },
		})
		.from(showtimes)
		.innerJoin(movies, eq(movies.id, showtimes.movieId))
		.innerJoin(auditoriums, eq(auditoriums.id, showtimes.auditoriumId))
		.where(inArray(showtimes.id, [...ids]));
	return new Map(rows.map((row) => [row.id, { ...row, startsAt: row.startsAt.getTime(), endsAt: row.endsAt.getTime() }]));
}
