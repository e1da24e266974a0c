/** Builds booking events that staff cause, from the event before. For tests only. */
import {
	type BookingAction,
	type BookingEvent,
	type BookingStaff,
	newUserId,
	type ReleaseEvent,
	type StaffCommand,
} from "@holdfast/domain";

let requests = 0;

/** Returns a command of a new member of staff, with a request id of its own. */
export function commandOfStaff(reason: string | null = "Why not"): StaffCommand {
	requests += 1;
	return { actor: newUserId(), requestId: `request-${requests}`, reason };
}

/** Returns the staff of an event with one command. */
export const staffOf = (action: BookingAction, fields: Partial<BookingStaff> = {}, command = commandOfStaff()): BookingStaff => ({
	commands: [{ ...command, action }],
	refundPercent: null,
	seatsBefore: null,
	...fields,
});

const LATER_MS = 5_000;
const next = (event: BookingEvent): BookingEvent => ({ ...event, version: event.version + 1, at: event.at + LATER_MS, staff: null });

/** Returns the cancel of a confirmed booking by staff. */
export function cancelledByStaff(event: BookingEvent, refundPercent: number): BookingEvent {
	const later = next(event);
	return { ...later, type: "booking.cancelled", cancelledAt: later.at, staff: staffOf("booking.cancelled", { refundPercent }) };
}

/** Returns the revive of a cancelled booking. */
export function revived(event: BookingEvent): BookingEvent {
	const later = next(event);
	return { ...later, type: "booking.confirmed", confirmedAt: later.at, cancelledAt: null, staff: staffOf("booking.revived") };
}

/** Returns the move of a confirmed booking to other seats. */
export const reseated = (event: BookingEvent, seats: readonly number[], amounts = event.amounts): BookingEvent => ({
	...next(event),
	type: "booking.reseated",
	seats,
	amounts,
	staff: staffOf("booking.reseated", { seatsBefore: event.seats }),
});

/** Returns the release of the hold that a confirmed booking would have come from. */
export const releasedByStaff = (event: BookingEvent): ReleaseEvent => ({
	...event,
	type: "admin.released",
	version: 2,
	confirmedAt: null,
	cancelledAt: event.at,
	staff: staffOf("booking.released"),
});
