/**
 * Answers a confirm, cancel or move of a booking whose showtime has ended and is no longer installed in the seat store. No script can run
 * there and nothing can change any more. A repeated request gets its first answer; any other request is answered from the status.
 */
import { type Booking, statusOf } from "@holdfast/domain";
import type { CancelOutcome, ConfirmOutcome, ReseatOutcome } from "@holdfast/seat-store";

type FoundBooking = { readonly booking: Booking; readonly nowMs: number };
type Closed = { readonly outcome: "showtime_closed" };
const CLOSED: Closed = { outcome: "showtime_closed" };

/** Returns the outcome of a confirm. `ifVersion`: the version that `If-Match` asks for; null: any. */
export function answerConfirmAfterEnd({ booking, nowMs }: FoundBooking, ifVersion: number | null): ConfirmOutcome | Closed {
	switch (statusOf(booking, nowMs)) {
		case "confirmed":
			return checkVersion(ifVersion, booking, 1) ?? { outcome: "confirmed", booking, nowMs };
		case "cancelled":
			return checkVersion(ifVersion, booking, 0) ?? { outcome: "booking_state" };
		case "expired":
			return { outcome: "hold_expired" };
		case "pending":
			return CLOSED;
	}
}

/** Returns the outcome of a cancel. `ifVersion`: the version that `If-Match` asks for; null: any. */
export function answerCancelAfterEnd({ booking, nowMs }: FoundBooking, ifVersion: number | null): CancelOutcome | Closed {
	switch (statusOf(booking, nowMs)) {
		case "cancelled":
			return checkVersion(ifVersion, booking, 1) ?? { outcome: "cancelled", booking, nowMs };
		case "expired":
			return { outcome: "cancelled", booking, nowMs };
		case "confirmed":
			return checkVersion(ifVersion, booking, 0) ?? { outcome: "showtime_started" };
		case "pending":
			return CLOSED;
	}
}

/** Returns the outcome of a move to `seats`, which are seat indexes in ascending order. `ifVersion`: the version that `If-Match` asks for; null: any. */
export function answerReseatAfterEnd(
	{ booking, nowMs }: FoundBooking,
	{ seats, ifVersion }: { readonly seats: readonly number[]; readonly ifVersion: number | null },
): ReseatOutcome | Closed {
	const isDone = booking.state === "CONFIRMED" && booking.seats.join() === seats.join();
	return checkVersion(ifVersion, booking, isDone ? 1 : 0) ?? (isDone ? { outcome: "reseated", booking, nowMs } : CLOSED);
}

/** Null if `ifVersion` allows the request. A repeat may name the version before the change, `steps` lower: it is a replay, no conflict. */
function checkVersion(
	ifVersion: number | null,
	{ version }: Booking,
	steps: 0 | 1,
): { outcome: "version_mismatch"; version: number } | null {
	const matches = ifVersion === null || ifVersion === version || ifVersion === version - steps;
	return matches ? null : { outcome: "version_mismatch", version };
}
