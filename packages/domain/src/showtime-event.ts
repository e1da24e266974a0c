/**
 * Showtime events: what the outbox carries when an admin changes a showtime. An event contains the complete showtime after the change,
 * so a later event makes the earlier ones unnecessary. The fields form two groups, terms and schedule, and each group has its own
 * version: if two copies of a group differ, the higher version wins.
 */
import type { ShowtimeId } from "./ids.ts";
import type { ShowtimeState, TierPrices } from "./showtime.ts";
import type { StaffCommand } from "./staff-command.ts";

/** Every type of showtime event. */
export const SHOWTIME_EVENT_TYPES = [
	"showtime.opened",
	"showtime.paused",
	"showtime.closed",
	"showtime.cancelled",
	"showtime.repriced",
	"showtime.window_set",
	"showtime.terms_set",
	"showtime.seats_blocked",
	"showtime.seats_unblocked",
	"showtime.rescheduled",
	"showtime.restated",
] as const;
/**
 * The change that was made. `terms_set`: several of state, prices and sales window at once. `restated`: no change; a rebuild emits the
 * showtime again because the ledger lacks its latest version. The ledger updates a showtime from the fields of the event; the type is for
 * the audit trail.
 */
export type ShowtimeEventType = (typeof SHOWTIME_EVENT_TYPES)[number];

/** State, prices, sales window and blocked seats. This group is versioned by `showtimeVersion`. Instants are epoch ms. */
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

/** When the showtime starts and ends, in epoch ms. This group is versioned by `scheduleVersion`. */
export type ShowtimeSchedule = { readonly scheduleVersion: number; readonly startsAt: number; readonly endsAt: number };

/** One change of a showtime. */
export type ShowtimeEvent = ShowtimeTerms &
	ShowtimeSchedule & {
		readonly type: ShowtimeEventType;
		/** The sequence number of the event in its bucket. Booking events and showtime events share one sequence, which has no gaps. */
		readonly seq: number;
		readonly showtimeId: ShowtimeId;
		/** When the change was made: epoch ms of the Redis clock. */
		readonly at: number;
		/** The command of staff that made the change; null for a change that no staff made. */
		readonly command: StaffCommand | null;
		/**
		 * Of a move: start and end before it, as the ledger had them. The row of the ledger has the new schedule before the event is settled.
		 * Null for every other change.
		 */
		readonly movedFrom: Pick<ShowtimeSchedule, "startsAt" | "endsAt"> | null;
	};
