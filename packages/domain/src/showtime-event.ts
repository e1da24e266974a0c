/**
 * What the outbox carries when an admin changes a showtime. An event holds the whole showtime as of that change, so that
 * any later event alone is enough. The fields form two groups, each with a version of its own: of two accounts of a
 * group the higher version stands.
 */
import type { ShowtimeId } from "./ids.ts";
import type { ShowtimeState, TierPrices } from "./showtime.ts";

export const SHOWTIME_EVENT_TYPES = [
	"showtime.opened",
	"showtime.paused",
	"showtime.closed",
	"showtime.cancelled",
	"showtime.repriced",
	"showtime.window_set",
	"showtime.seats_blocked",
	"showtime.seats_unblocked",
	"showtime.rescheduled",
	"showtime.restated",
] as const;
/** The change that was made; `restated` repeats what the ledger has lost. Settling looks at the fields alone. */
export type ShowtimeEventType = (typeof SHOWTIME_EVENT_TYPES)[number];

/** State, prices, sales window and blocked seats: one group, versioned by `showtimeVersion`. */
export type ShowtimeTerms = {
	readonly showtimeVersion: number;
	readonly state: ShowtimeState;
	readonly priceVersion: number;
	readonly prices: TierPrices;
	readonly currency: string;
	readonly salesOpenAt: number;
	readonly salesCloseAt: number;
	/** Seat indexes kept off sale, ascending. */
	readonly blockedSeats: readonly number[];
};

/** When it is: the other group, versioned by `scheduleVersion`. */
export type ShowtimeSchedule = { readonly scheduleVersion: number; readonly startsAt: number; readonly endsAt: number };

export type ShowtimeEvent = ShowtimeTerms &
	ShowtimeSchedule & {
		readonly type: ShowtimeEventType;
		/** Counter of the bucket, contiguous with that of booking events. */
		readonly seq: number;
		readonly showtimeId: ShowtimeId;
		/** When the change was made, by the Redis clock. */
		readonly at: number;
	};
