/** A showtime with its movie and room: one set of columns and one mapper for every read of one. */
import type { OpenShowtime } from "@holdfast/domain";
import { eq } from "drizzle-orm";
import type { ReadQueries } from "../create-database.ts";
import { auditoriums, movies, seatPlans, showtimes } from "../schema/index.ts";
import type { MovieSummary } from "./movie.ts";

/** All that the seat store is opened with, and more about the movie. Auditorium and zone are in `summary`; instants are epoch ms. */
export type Showtime = OpenShowtime & { readonly movie: MovieSummary };

/** Showtimes joined with what they name; add `where`, order and limit. */
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

/** A row as a `Showtime`. */
export function showtimeOf({ movie, ...row }: ShowtimeRow): Showtime {
	const { id, title, durationMinutes, rating, posterUrl } = movie;
	return { ...openShowtimeOf({ movie, ...row }), movie: { id, title, durationMinutes, rating, posterUrl } };
}

/** A row as the seat store wants it. */
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
