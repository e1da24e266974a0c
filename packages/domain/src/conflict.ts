/**
 * A conflict: a booking that lost its seats to other bookings in the ledger, while the seat store still shows it as their owner. The
 * sweeper reads conflicts from the ledger and corrects the seat store.
 */
import type { BookingId, ShowtimeId, UserId } from "./ids.ts";

/** One booking to correct in the seat store. */
export type Conflict = {
	readonly bookingId: BookingId;
	readonly showtimeId: ShowtimeId;
	readonly userId: UserId;
	/** The booking's version in the ledger, after the conflict. */
	readonly version: number;
	/** The seats that were sold to this booking, ascending. It owns none of them any more. */
	readonly seats: readonly number[];
	/** The owners of these seats in the ledger. A seat that is not listed has no owner. */
	readonly owners: readonly { readonly seat: number; readonly bookingId: BookingId; readonly userId: UserId }[];
};
