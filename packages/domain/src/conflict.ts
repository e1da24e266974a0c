/** A booking that lost its seats in the ledger, as the ledger hands it to the seat store, which still shows it as their owner. */
import type { BookingId, ShowtimeId, UserId } from "./ids.ts";

export type Conflict = {
	readonly bookingId: BookingId;
	readonly showtimeId: ShowtimeId;
	readonly userId: UserId;
	/** The ledger's, after the conflict. */
	readonly version: number;
	/** The seats it was sold, ascending; it owns none of them. */
	readonly seats: readonly number[];
	/** Their owners in the ledger. A seat without an entry here has none. */
	readonly owners: readonly { readonly seat: number; readonly bookingId: BookingId; readonly userId: UserId }[];
};
