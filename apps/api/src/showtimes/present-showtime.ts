/** Converts a showtime to its public response body. */
import type { Showtime } from "@holdfast/database";
import { salesOf } from "@holdfast/domain";
import { toInstant } from "../contract/share.ts";
import type { ShowtimeBody } from "../contract/showtime.ts";

/** Returns the public body of a showtime as of `nowMs`, without seat counts. */
export const presentShowtime = (showtime: Showtime, nowMs: number): Omit<ShowtimeBody, "counts"> => ({
	id: showtime.id,
	movie: showtime.movie,
	auditorium: showtime.summary.auditorium,
	startsAt: toInstant(showtime.startsAt),
	endsAt: toInstant(showtime.endsAt),
	timeZone: showtime.summary.timeZone,
	salesOpenAt: toInstant(showtime.salesOpenAt),
	salesCloseAt: toInstant(showtime.salesCloseAt),
	state: showtime.state,
	sales: salesOf(showtime, nowMs),
	prices: Object.entries(showtime.prices).map(([tier, amount]) => ({ tier, price: { amount, currency: showtime.currency } })),
});
