/** The seat store: makes every change of a seat atomic. The only package that knows Redis. */

export { type AttemptCount, type AuthStore, type AuthStoreOptions, createAuthStore } from "./auth-store.ts";
export { CALL_DEADLINE_MS } from "./call.ts";
export type { BlockSeatsCommand } from "./commands/block-seats.ts";
export type { ChangeBookingCommand } from "./commands/change-booking.ts";
export type { ReseatCommand, ReviveCommand, StaffCancelCommand, StaffChangeCommand } from "./commands/change-booking-by-staff.ts";
export { SHOWTIMES_ASKED_MAX } from "./commands/find-user-bookings.ts";
export type { PlaceHoldCommand } from "./commands/place-hold.ts";
export type { PlaceStaffHoldCommand } from "./commands/place-staff-hold.ts";
export type { SeatInspection } from "./commands/read-seat-map.ts";
export type { UnreapedMap } from "./commands/read-seat-maps.ts";
export type { RescheduleCommand } from "./commands/reschedule.ts";
export type { SetTermsCommand, TermsToSet } from "./commands/set-terms.ts";
export { createSeatStore, type SeatStoreOptions } from "./create-seat-store.ts";
export { DENIAL_EFFECTIVE_WITHIN_MS } from "./deny-list.ts";
export { findReasonNotToStart, readDurabilitySettings } from "./durability-settings.ts";
export { SeatStoreFault } from "./fault.ts";
export type {
	BlockSeatsOutcome,
	CancelOutcome,
	ClaimOutcome,
	ConfirmOutcome,
	CountLiveOutcome,
	ExtendOutcome,
	Fenced,
	InstallOutcome,
	PlaceHoldOutcome,
	PlaceStaffHoldOutcome,
	ReadBookingsResult,
	ReadMapOutcome,
	RescheduleOutcome,
	ReseatOutcome,
	ReviveOutcome,
	SetTermsOutcome,
	StaffCancelOutcome,
	UnreadableBooking,
} from "./outcomes.ts";
export type { SeatStore } from "./seat-store.ts";
export type { SeatListener, SeatMessage } from "./subscribe-to-seats.ts";
export type { AckLevel, Durability, DurabilityOptions, ServerCondition } from "./verify-durability.ts";
