/** The type and the query of a showtime as staff see it. */
import type { AuditoriumId, OpenShowtime } from "@holdfast/domain";
import { venueDayOf } from "@holdfast/domain";
import { eq } from "drizzle-orm";
import { openShowtimeOf } from "../catalog/showtime.ts";
import type { ReadQueries } from "../create-database.ts";
import { auditoriums, movies, seatPlans, showtimes } from "../schema/index.ts";

/** A showtime of the ledger with what only staff see. Instants are epoch ms. */
export type AdminShowtime = OpenShowtime & {
	readonly auditoriumId: AuditoriumId;
	/** When the auditorium is free again. */
	readonly occupiedUntil: number;
	/** The day of the programme that it belongs to, `YYYY-MM-DD`: a start before the auditorium's `dayStartsAt` counts to the day before. */
	readonly day: string;
	/** Seat indexes that staff keep off sale, ascending. */
	readonly blockedSeats: readonly number[];
	readonly createdAt: number;
};

/** Returns a query of showtimes for staff. The caller adds `where`, order and limit. */
export function selectAdminShowtimes(queries: ReadQueries) {
	return queries
		.select({ showtime: showtimes, movie: movies, auditorium: auditoriums, seatCount: seatPlans.seatCount })
		.from(showtimes)
		.innerJoin(movies, eq(movies.id, showtimes.movieId))
		.innerJoin(auditoriums, eq(auditoriums.id, showtimes.auditoriumId))
		.innerJoin(seatPlans, eq(seatPlans.id, showtimes.seatPlanId))
		.$dynamic();
}

type AdminShowtimeRow = Awaited<ReturnType<typeof selectAdminShowtimes>>[number];

/** Maps a row of `selectAdminShowtimes`. */
export function adminShowtimeOf(row: AdminShowtimeRow): AdminShowtime {
	const { showtime, auditorium } = row;
	return {
		...openShowtimeOf(row),
		auditoriumId: auditorium.id,
		occupiedUntil: showtime.occupiedUntil.getTime(),
		day: venueDayOf(showtime.startsAt.getTime(), showtime.timeZone, auditorium.dayStartsAt),
		blockedSeats: showtime.blockedSeats,
		createdAt: showtime.createdAt.getTime(),
	};
}
