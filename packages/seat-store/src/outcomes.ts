/**
 * What a call on the seat store may answer. Each union is the set of status words its script may reply
 * (first reply element), plus what comes with them; an unknown word is a fault, not an outcome.
 */
import type { Booking, BookingEvent, BookingId } from "@holdfast/domain";

/** `replayed`: the idempotency key was used before for the same seats; read the booking as it stands now. */
export type PlaceHoldOutcome =
	| { outcome: "held"; booking: Booking; nowMs: number }
	| { outcome: "replayed"; bookingId: BookingId }
	| { outcome: "seats_taken"; seats: number[] }
	| { outcome: "seat_limit" }
	| { outcome: "hold_limit" }
	| { outcome: "not_on_sale" }
	| { outcome: "showtime_closed" }
	| { outcome: "showtime_cancelled" }
	| { outcome: "idempotency_mismatch" }
	| { outcome: "stale_prices" }
	| { outcome: "not_ready" };

/** `not_loaded`: Redis has no record of the booking; load it from the ledger and ask again. `not_found`: it is not this user's. */
export type ConfirmOutcome =
	| { outcome: "confirmed"; booking: Booking; nowMs: number }
	| { outcome: "hold_expired" }
	| { outcome: "booking_state" }
	| { outcome: "version_mismatch"; version: number }
	| { outcome: "showtime_cancelled" }
	| { outcome: "busy" }
	| { outcome: "not_found" }
	| { outcome: "not_loaded" }
	| { outcome: "not_ready" };

/** `cancelled` covers release of a hold, cancel of a confirmed booking, their repeats, and an expired hold (unchanged). */
export type CancelOutcome =
	| { outcome: "cancelled"; booking: Booking; nowMs: number }
	| { outcome: "showtime_started" }
	| { outcome: "version_mismatch"; version: number }
	| { outcome: "showtime_cancelled" }
	| { outcome: "busy" }
	| { outcome: "not_found" }
	| { outcome: "not_loaded" }
	| { outcome: "not_ready" };

/** `statuses` holds one letter per seat; valid for `version` and until `earliestExpiryAt` (epoch ms; null: no live hold). */
export type ReadMapOutcome =
	| { outcome: "read"; version: number; statuses: string; earliestExpiryAt: number | null; nowMs: number }
	| { outcome: "not_ready" };

/** `exists`: it was installed already. `superseded`: someone installs it under a newer epoch. */
export type InstallOutcome = { outcome: "installed" } | { outcome: "exists" } | { outcome: "superseded" };

/** One entry of a bucket's outbox. `event` is null when its fields make no sense; `raw` is kept for the dead letter. */
export type OutboxEntry = {
	readonly entryId: string;
	/** The epoch its showtime is installed under, read in the same instant; 0 when Redis knows none. */
	readonly epoch: number;
	readonly event: BookingEvent | null;
	readonly raw: Readonly<Record<string, string>>;
};
