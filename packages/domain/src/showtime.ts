/** Showtimes: one movie in one auditorium at one start instant. Instants are epoch ms. */
import type { AuditoriumId, MovieId, SeatPlanId, ShowtimeId } from "./ids.ts";

/** Every state of a showtime. Only an `open` showtime accepts new holds. */
export const SHOWTIME_STATES = ["open", "paused", "closed", "cancelled"] as const;
/** One of `SHOWTIME_STATES`. */
export type ShowtimeState = (typeof SHOWTIME_STATES)[number];

/** The price of each tier of a showtime, in minor units, by tier id. */
export type TierPrices = Readonly<Record<string, number>>;

/** What a booking's answer says about its showtime. The seat store gets a copy when the showtime is installed. */
export type ShowtimeSummary = {
	readonly movie: { readonly id: MovieId; readonly title: string };
	readonly auditorium: { readonly id: AuditoriumId; readonly name: string };
	readonly timeZone: string;
};

/** What the seat store needs of a showtime to accept or refuse holds and confirms without reading Postgres. */
export type OpenShowtime = {
	readonly id: ShowtimeId;
	readonly state: ShowtimeState;
	readonly planId: SeatPlanId;
	readonly seatCount: number;
	readonly priceVersion: number;
	readonly prices: TierPrices;
	readonly currency: string;
	readonly salesOpenAt: number;
	readonly salesCloseAt: number;
	readonly startsAt: number;
	readonly endsAt: number;
	readonly showtimeVersion: number;
	readonly scheduleVersion: number;
	readonly summary: ShowtimeSummary;
};
