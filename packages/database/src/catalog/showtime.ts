/** The query and the mapping that every read of a showtime shares. */
import type { OpenShowtime } from "@holdfast/domain";
import { eq } from "drizzle-orm";
import type { ReadQueries } from "../create-database.ts";
import { auditoriums, movies, seatPlans, showtimes } from "../schema/index.ts";
import type { MovieSummary } from "./movie.ts";

/**
 * Everything that the seat store needs to open a showtime, and a summary of its movie. Auditorium and time zone are in `summary`. Instants
 * are epoch ms.
 */
export type Showtime = OpenShowtime & { readonly movie: MovieSummary };

/** Returns a query of showtimes, joined with movie, auditorium and seat plan. The caller adds `where`, order and limit. */
export function selectShowtimes(queries: ReadQueries) {
	return queries
		.select({ showtime: showtimes, movie: movies, auditorium: auditoriums, seatCount: seatPlans.seatCount })
		.from(showtimes)
		.innerJoin(movies, eq(movies.id, showtimes.movieId))
		.innerJoin(auditoriums, eq(auditoriums.id, showtimes.auditoriumId))
		.innerJoin(seatPlans, eq(seatPlans.id, showtimes.seatPlanId))
		.$dynamic();
}

type ShowtimeRow = Awaited<ReturnType<typeof selectShowtimes>>[number];

/** Maps a row of `selectShowtimes` to a `Showtime`. */
export function showtimeOf({ movie, ...row }: ShowtimeRow): Showtime {
	const { id, title, durationMinutes, rating, posterUrl } = movie;
	return { ...openShowtimeOf({ movie, ...row }), movie: { id, title, durationMinutes, rating, posterUrl } };
}

/** Maps a row of `selectShowtimes` to the input of the seat store. */
export function openShowtimeOf({ showtime, movie, auditorium, seatCount }: ShowtimeRow): OpenShowtime {
	return {
		id: showtime.id,
		state: showtime.state,
		planId: showtime.seatPlanId,
		seatCount,
		priceVersion: showtime.priceVersion,
		prices: showtime.prices,
		currency: showtime.currency,
		salesOpenAt: showtime.salesOpenAt.getTime(),
		salesCloseAt: showtime.salesCloseAt.getTime(),
		startsAt: showtime.startsAt.getTime(),
		endsAt: showtime.endsAt.getTime(),
		showtimeVersion: showtime.showtimeVersion,
		scheduleVersion: showtime.scheduleVersion,
		summary: {
			movie: { id: movie.id, title: movie.title },
			auditorium: { id: auditorium.id, name: auditorium.name },
			timeZone: showtime.timeZone,
		},
	};
}
