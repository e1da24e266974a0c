/**
 * What a confirm or a cancel is answered at a showtime that is over and no longer installed. No script judges it there, and nothing
 * can change any more; so a repeat is answered as it was the first time, and everything else by how the booking stands.
 */
import { type Booking, statusOf } from "@holdfast/domain";
import type { CancelOutcome, ConfirmOutcome } from "@holdfast/seat-store";

type Standing = { readonly booking: Booking; readonly nowMs: number };
type Closed = { readonly outcome: "showtime_closed" };
const CLOSED: Closed = { outcome: "showtime_closed" };

export function answerConfirmOver({ booking, nowMs }: Standing, ifVersion: number | null): ConfirmOutcome | Closed {
	switch (statusOf(booking, nowMs)) {
		case "confirmed":
			return misses(ifVersion, booking, 1) ?? { outcome: "confirmed", booking, nowMs };
		case "cancelled":
			return misses(ifVersion, booking, 0) ?? { outcome: "booking_state" };
		case "expired":
			return { outcome: "hold_expired" };
		case "pending":
			return CLOSED;
	}
}

export function answerCancelOver({ booking, nowMs }: Standing, ifVersion: number | null): CancelOutcome | Closed {
	switch (statusOf(booking, nowMs)) {
		case "cancelled":
			return misses(ifVersion, booking, 1) ?? { outcome: "cancelled", booking, nowMs };
		case "expired":
			return { outcome: "cancelled", booking, nowMs };
		case "confirmed":
			return misses(ifVersion, booking, 0) ?? { outcome: "showtime_started" };
		case "pending":
			return CLOSED;
	}
}

/** A repeat may carry the version from before it, `steps` back: that is a replay, not a conflict. Null: it may go on. */
function misses(ifVersion: number | null, { version }: Booking, steps: 0 | 1): { outcome: "version_mismatch"; version: number } | null {
	const isMet = ifVersion === null || ifVersion === version || ifVersion === version - steps;
	return isMet ? null : { outcome: "version_mismatch", version };
}
