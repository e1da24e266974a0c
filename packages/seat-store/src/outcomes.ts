/**
 * What a call on the seat store may answer. Each union is the set of status words its script may reply
 * (first reply element), plus what comes with them; an unknown word is a fault, not an outcome.
 */
import type { Booking, BookingId } from "@holdfast/domain";

/**
 * The fence stands between the caller and the seats. `not_ready`: the showtime is not installed; `fenced`: it was, before
 * this server started or took over. Either wants a rebuild. `recovering`: somebody is at it.
 */
export type Fenced = { outcome: "not_ready" } | { outcome: "fenced" } | { outcome: "recovering" };

/**
 * `replayed`: the idempotency key was used before for the same seats; read the booking as it stands now. `hourly_limit`: the
 * user has placed `holdsPerHourMax` holds in this bucket within the past hour; the next one is possible in `retryInMs`.
 */
export type PlaceHoldOutcome =
	| { outcome: "held"; booking: Booking; nowMs: number }
	| { outcome: "replayed"; bookingId: BookingId }
	| { outcome: "seats_taken"; seats: number[] }
	| { outcome: "seat_limit" }
	| { outcome: "hold_limit" }
	| { outcome: "hourly_limit"; retryInMs: number }
	| { outcome: "not_on_sale" }
	| { outcome: "showtime_closed" }
	| { outcome: "showtime_cancelled" }
	| { outcome: "idempotency_mismatch" }
	| { outcome: "stale_prices" }
	| Fenced;

/** `not_loaded`: Redis has no record of the booking; load it from the ledger and ask again. `not_found`: it is not this user's. */
type ChangeRefusal =
	| { outcome: "version_mismatch"; version: number }
	| { outcome: "showtime_cancelled" }
	| { outcome: "not_found" }
	| { outcome: "not_loaded" }
	| Fenced;

export type ExtendOutcome =
	| { outcome: "extended"; booking: Booking; nowMs: number }
	| { outcome: "hold_expired" }
	| { outcome: "booking_state" }
	| ChangeRefusal;

export type ConfirmOutcome =
	| { outcome: "confirmed"; booking: Booking; nowMs: number }
	| { outcome: "hold_expired" }
	| { outcome: "booking_state" }
	| { outcome: "busy" }
	| ChangeRefusal;

/** `cancelled` covers release of a hold, cancel of a confirmed booking, their repeats, and an expired hold (unchanged). */
export type CancelOutcome =
	| { outcome: "cancelled"; booking: Booking; nowMs: number }
	| { outcome: "showtime_started" }
	| { outcome: "busy" }
	| ChangeRefusal;

/**
 * `statuses` holds one letter per seat; valid for `version` and until `earliestExpiryAt` (epoch ms; null: no live hold). The
 * two versions tell whether what a caller knows of the showtime's terms and schedule still stands.
 */
export type ReadMapOutcome =
	| {
			outcome: "read";
			version: number;
			statuses: string;
			earliestExpiryAt: number | null;
			nowMs: number;
			showtimeVersion: number;
			scheduleVersion: number;
	  }
	| Fenced;

/** `set` also when it stood like that already. `seats_taken`: only when blocking. */
export type SetShowtimeOutcome =
	| { outcome: "set"; showtimeVersion: number; scheduleVersion: number }
	| { outcome: "showtime_cancelled" }
	| { outcome: "busy" }
	| Fenced;
export type BlockSeatsOutcome = SetShowtimeOutcome | { outcome: "seats_taken"; seats: number[] };

/** `installed`: it is open already under that epoch. `recovering`: somebody else is at it. */
export type ClaimOutcome =
	| { outcome: "claimed"; nowMs: number; installedEpoch: number }
	| { outcome: "installed" }
	| { outcome: "recovering" };

/** A booking whose record in Redis is no booking: a field is missing or makes no sense. */
export type UnreadableBooking = { readonly bookingId: BookingId; readonly error: Error };
/** Both in the order of the ids that were asked for. */
export type BookingRecords = { readonly bookings: Booking[]; readonly unreadable: UnreadableBooking[] };
/** `clocks`: for each bucket that was asked, its server's clock at that moment, epoch ms. It judges the holds among them. */
export type ReadBookingsResult = BookingRecords & { readonly clocks: ReadonlyMap<number, number> };

/**
 * `lost_claim`: somebody took over, or the server started anew: begin again. `superseded`: that epoch or a newer one is installed.
 * `unreadable`, where there are any: bookings that were merged without their records. What the ledger gave them is theirs, a seat that
 * Redis alone has sold to them stays sold, and one that they merely held is free.
 */
export type InstallOutcome =
	| { outcome: "installed"; reemitted: number; unreadable?: readonly UnreadableBooking[] }
	| { outcome: "lost_claim" }
	| { outcome: "superseded" };
