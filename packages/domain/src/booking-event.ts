/**
 * Booking events: what the outbox carries from the seat store to the ledger. A booking emits one event for its confirm and one for
 * each later transition. An event contains the complete booking after that transition, so a later event makes the earlier ones
 * unnecessary.
 */
import type { Booking } from "./booking.ts";
import type { BookingId } from "./ids.ts";
import type { StaffCommand } from "./staff-command.ts";

/** Every type of booking event. */
export const BOOKING_EVENT_TYPES = ["booking.confirmed", "booking.cancelled", "booking.reseated"] as const;
/** One of `BOOKING_EVENT_TYPES`. `booking.confirmed` is also the event of a cancelled booking that staff revive. */
export type BookingEventType = (typeof BOOKING_EVENT_TYPES)[number];

/** What staff can do to a booking, in the words of the audit trail. */
export const BOOKING_ACTIONS = [
	"booking.sold",
	"booking.confirmed",
	"booking.cancelled",
	"booking.revived",
	"booking.reseated",
	"booking.released",
] as const;
/**
 * One of `BOOKING_ACTIONS`. `sold`: placed the hold that was confirmed, for a customer or at the counter. `confirmed`: confirmed a hold.
 * `released`: ended a hold. `revived`: brought a cancelled booking back. `reseated`: moved a booking to other seats.
 */
export type BookingAction = (typeof BOOKING_ACTIONS)[number];

/** A command of staff about a booking, and what it did. */
export type BookingCommand = StaffCommand & { readonly action: BookingAction };

/** What an event says about the staff that caused it. */
export type BookingStaff = {
	/** One command, or two: one member of staff placed the hold, another one confirmed it. */
	readonly commands: readonly BookingCommand[];
	/** Of a cancel: how much of the amount the customer gets back, 0 to 100. Null for any other event. */
	readonly refundPercent: number | null;
	/** Of a reseat: the seats before it, ascending. Null for any other event. */
	readonly seatsBefore: readonly number[] | null;
};

type BookingFields = Omit<Booking, "id" | "state" | "recorded" | "confirmedAt"> & {
	/** The sequence number of the event in its bucket. The sequence has no gaps: a missing number means that events were lost, and raises an alarm. */
	readonly seq: number;
	readonly bookingId: BookingId;
	/** When the transition happened: epoch ms of the Redis clock. */
	readonly at: number;
};

/** One transition of a booking, with the booking's fields under their own names. `type` implies the booking's state. */
export type BookingEvent = BookingFields & {
	readonly type: BookingEventType;
	readonly confirmedAt: number;
	/** Null for a transition that no staff caused. */
	readonly staff: BookingStaff | null;
};

/** Staff released a hold. The event is for the audit trail alone: the ledger has no holds. */
export type ReleaseEvent = BookingFields & {
	readonly type: "admin.released";
	readonly confirmedAt: null;
	readonly staff: BookingStaff;
};
