/** What the ledger knows of a showtime at the moment its epoch was raised: what a rebuild puts into the seat store. */
import type { BookingState } from "./booking.ts";
import type { BookingId, UserId } from "./ids.ts";
import type { OpenShowtime } from "./showtime.ts";

/** A booking as the ledger has it. `seats` are those it owns now, ascending: none once it is cancelled. */
export type RecordedBooking = {
	readonly bookingId: BookingId;
	readonly userId: UserId;
	readonly state: BookingState;
	readonly version: number;
	readonly seats: readonly number[];
};

export type ShowtimeSnapshot = {
	readonly showtime: OpenShowtime;
	/** Seat indexes kept off sale, ascending; of `showtime.showtimeVersion`. */
	readonly blockedSeats: readonly number[];
	/** The epoch that was taken for this rebuild. */
	readonly epoch: number;
	/** Loss of this bucket's history is proven, and nobody has opened the showtime since: its free seats are kept back. */
	readonly isQuarantined: boolean;
	/** Ids of entries of the bucket's outbox that were buried as dead letters, the latest ones: they are not told again. */
	readonly deadLetteredEntries: readonly string[];
	/** Every booking of the showtime, in any state. */
	readonly bookings: readonly RecordedBooking[];
};
