/** A showtime: one movie, one auditorium, one start instant. Instants are epoch milliseconds, UTC. */
import type { AuditoriumId, MovieId, SeatPlanId, ShowtimeId } from "./ids.ts";

export const SHOWTIME_STATES = ["open", "paused", "closed", "cancelled"] as const;
export type ShowtimeState = (typeof SHOWTIME_STATES)[number];

/** Prices of a showtime's tiers, in minor units, by tier id. */
export type TierPrices = Readonly<Record<string, number>>;

/** What a person is told about a showtime beside its booking. Copied into the seat store when the showtime is opened. */
export type ShowtimeSummary = {
	readonly movie: { readonly id: MovieId; readonly title: string };
	readonly auditorium: { readonly id: AuditoriumId; readonly name: string };
	readonly timeZone: string;
};

/** All that the seat store must know to judge a hold or a confirm without asking Postgres. */
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
