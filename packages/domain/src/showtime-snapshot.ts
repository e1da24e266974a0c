/** A snapshot of a showtime: what the ledger has at the moment it raises the epoch. A rebuild installs it in the seat store. */
import type { BookingState } from "./booking.ts";
import type { BookingId, UserId } from "./ids.ts";
import type { OpenShowtime } from "./showtime.ts";

/** A booking in the ledger. `seats`: the seats that it owns now, ascending; empty after a cancel. */
export type RecordedBooking = {
	readonly bookingId: BookingId;
	readonly userId: UserId;
	readonly state: BookingState;
	readonly version: number;
	readonly seats: readonly number[];
};

/** One showtime with all its bookings, read from the ledger in one transaction. */
export type ShowtimeSnapshot = {
	readonly showtime: OpenShowtime;
	/** Seat indexes that an admin has blocked, ascending, as of `showtime.showtimeVersion`. */
	readonly blockedSeats: readonly number[];
	/** The epoch of this rebuild. */
	readonly epoch: number;
	/** Whether free seats are withheld from sale: Redis has lost part of the bucket's history, and the showtime's quarantine has not ended. */
	readonly isQuarantined: boolean;
	/** Ids of the bucket's latest dead letters. A rebuild does not emit their events again. */
	readonly deadLetteredEntries: readonly string[];
	/** Every booking of the showtime, in any state. */
	readonly bookings: readonly RecordedBooking[];
};
