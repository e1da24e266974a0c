/**
 * The outcomes of calls on the seat store. Each union lists the statuses that its script replies with, and the data of each. An
 * unknown status is a fault and not an outcome.
 */
import type { Booking, BookingId } from "@holdfast/domain";

/**
 * The fence refused the call. `not_ready`: the showtime is not installed. `fenced`: it was installed, but before this server
 * started or was promoted. Both require a rebuild. `recovering`: another process is rebuilding the showtime.
 */
export type Fenced = { outcome: "not_ready" } | { outcome: "fenced" } | { outcome: "recovering" };

/**
 * `replayed`: the idempotency key was used before for the same seats; read that booking for its current state. `hourly_limit`:
 * the user has placed `holdsPerHourMax` holds in this bucket within the past hour; the next hold is possible in `retryInMs`.
 * `not_on_sale`: outside the sales window, or paused. `salesOpenAt` (epoch ms) if sales have not opened at `nowMs`, otherwise null.
 */
export type PlaceHoldOutcome =
	| { outcome: "held"; booking: Booking; nowMs: number }
	| { outcome: "replayed"; bookingId: BookingId }
	| { outcome: "seats_taken"; seats: number[] }
	| { outcome: "seat_limit" }
	| { outcome: "hold_limit" }
	| { outcome: "hourly_limit"; retryInMs: number }
	| { outcome: "not_on_sale"; nowMs: number; salesOpenAt: number | null }
	| { outcome: "showtime_closed" }
	| { outcome: "showtime_cancelled" }
	| { outcome: "idempotency_mismatch" }
	| { outcome: "stale_prices" }
	| Fenced;

/**
 * As `PlaceHoldOutcome`. A hold of staff has no limits of users and no sales window. `showtime_closed`: the showtime has ended. `busy`:
 * one of the seats is blocked, and the outbox has no place for the event that ends its block.
 */
export type PlaceStaffHoldOutcome =
	| Extract<
			PlaceHoldOutcome,
			{ outcome: "held" | "replayed" | "seats_taken" | "showtime_closed" | "showtime_cancelled" | "idempotency_mismatch" | "stale_prices" }
	  >
	| { outcome: "busy" }
	| Fenced;

/**
 * `not_loaded`: Redis has no record of the booking; load it from the ledger and repeat the call. `not_found`: the booking belongs
 * to another user.
 */
type ChangeRefusal =
	| { outcome: "version_mismatch"; version: number }
	| { outcome: "showtime_cancelled" }
	| { outcome: "not_found" }
	| { outcome: "not_loaded" }
	| Fenced;

/**
 * `extended` covers the repeat of an extension. `hold_expired`: the hold has expired, or lost a seat. `booking_state`: the
 * booking is no longer a hold.
 */
export type ExtendOutcome =
	| { outcome: "extended"; booking: Booking; nowMs: number }
	| { outcome: "hold_expired" }
	| { outcome: "booking_state" }
	| ChangeRefusal;

/**
 * `confirmed` covers the repeat of a confirm. `hold_expired`: the hold has expired, or lost a seat. `booking_state`: the booking
 * is cancelled or in conflict. `busy`: the outbox is full.
 */
export type ConfirmOutcome =
	| { outcome: "confirmed"; booking: Booking; nowMs: number }
	| { outcome: "hold_expired" }
	| { outcome: "booking_state" }
	| { outcome: "busy" }
	| ChangeRefusal;

/**
 * `cancelled` covers the release of a hold, the cancellation of a confirmed booking, repeats of both, and an expired hold (left
 * unchanged). `busy`: the outbox is full.
 */
export type CancelOutcome =
	| { outcome: "cancelled"; booking: Booking; nowMs: number }
	| { outcome: "showtime_started" }
	| { outcome: "busy" }
	| ChangeRefusal;

/** As `CancelOutcome`: the start of the showtime does not end what staff may cancel. */
export type StaffCancelOutcome = Exclude<CancelOutcome, { outcome: "showtime_started" }>;

/**
 * `confirmed` covers a booking that is confirmed already. `seats_taken`: these seats have an owner, or are blocked. `booking_state`: the
 * booking is a hold, or was one when it ended, or is in conflict. `not_recorded`: the ledger does not have this version of the booking as
 * cancelled. `too_late`: the refund is no longer withheld. `busy`: the outbox is full.
 */
export type ReviveOutcome =
	| { outcome: "confirmed"; booking: Booking; nowMs: number }
	| { outcome: "seats_taken"; seats: number[] }
	| { outcome: "booking_state" }
	| { outcome: "not_recorded" }
	| { outcome: "too_late" }
	| { outcome: "busy" }
	| ChangeRefusal;

/**
 * `reseated` covers a booking that has these seats already. `seats_taken`: these seats have another owner. `seat_count_differs` and
 * `amount_differs`: the booking has `count` seats and costs `amount`. `booking_state`: the booking is not confirmed. `busy`: the outbox is
 * full.
 */
export type ReseatOutcome =
	| { outcome: "reseated"; booking: Booking; nowMs: number }
	| { outcome: "seats_taken"; seats: number[] }
	| { outcome: "seat_count_differs"; count: number }
	| { outcome: "amount_differs"; amount: number }
	| { outcome: "booking_state" }
	| { outcome: "busy" }
	| ChangeRefusal;

/**
 * `statuses` has one letter per seat. It is valid for `version`, and until `earliestExpiryAt` (epoch ms; null: there is no live
 * hold). `showtimeVersion` and `scheduleVersion` show whether a caller's copy of the terms and the schedule is current.
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

/** `set` covers a repeat. `busy`: the outbox is full. */
type SetOutcome =
	| { outcome: "set"; showtimeVersion: number; scheduleVersion: number }
	| { outcome: "showtime_cancelled" }
	| { outcome: "busy" }
	| Fenced;
/** The outcome of a move. */
export type RescheduleOutcome = SetOutcome;

/**
 * `version_mismatch`: the showtime has these versions and not one that the command accepts. `showtime_closed`: it has ended, or, for a
 * cancel, ended more than `CANCEL_TTL_MS` ago.
 */
type StaffRefusal = { outcome: "version_mismatch"; showtimeVersion: number; scheduleVersion: number } | { outcome: "showtime_closed" };
/**
 * The other refusals are of terms that the ledger would not accept. `invalid_window`: sales would close before they open; these would be
 * their instants. `unknown_tiers`: the tiers that the prices leave out, and those that the showtime does not have. `currency_mismatch`: the
 * showtime has this currency.
 */
export type SetTermsOutcome =
	| SetOutcome
	| StaffRefusal
	| { outcome: "invalid_window"; salesOpenAt: number; salesCloseAt: number }
	| { outcome: "unknown_tiers"; missing: string[]; unknown: string[] }
	| { outcome: "currency_mismatch"; currency: string };
/** `seats_taken` occurs only when seats are blocked, not when they are unblocked. */
export type BlockSeatsOutcome = SetOutcome | StaffRefusal | { outcome: "seats_taken"; seats: number[] };

/** `holds`: live holds. `bookings`: sold ones. `quarantinedSeats`: seats that may have been sold before a proven loss. */
export type CountLiveOutcome =
	| { outcome: "counted"; holds: number; heldSeats: number; bookings: number; soldSeats: number; quarantinedSeats: number }
	| Fenced;

/**
 * `claimed`: the caller may rebuild the showtime. `installed`: the showtime is open under the ledger's epoch or a newer one.
 * `recovering`: another process has the claim.
 */
export type ClaimOutcome =
	| { outcome: "claimed"; nowMs: number; installedEpoch: number }
	| { outcome: "installed" }
	| { outcome: "recovering" };

/** A booking whose record in Redis cannot be parsed: a field is missing or invalid. */
export type UnreadableBooking = { readonly bookingId: BookingId; readonly error: Error };
/** Both lists are in the order of the requested ids. */
export type BookingRecords = { readonly bookings: Booking[]; readonly unreadable: UnreadableBooking[] };
/** `clocks` has the clock of the server of each requested bucket (epoch ms), by which to judge whether holds have expired. */
export type ReadBookingsResult = BookingRecords & { readonly clocks: ReadonlyMap<number, number> };

/**
 * `lost_claim`: another process took over the claim, or the server restarted; start the rebuild from the beginning. `superseded`:
 * this epoch or a newer one is installed already. `unreadable`: bookings that were merged without their records. They keep what
 * the ledger gave them and the seats that only Redis sold to them; seats that they merely held are free.
 */
export type InstallOutcome =
	| { outcome: "installed"; reemitted: number; unreadable?: readonly UnreadableBooking[] }
	| { outcome: "lost_claim" }
	| { outcome: "superseded" };
