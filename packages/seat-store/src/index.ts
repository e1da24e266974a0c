/** The seat store: makes what may happen to a seat atomic. The only room that knows Redis. */
export { createSeatStore, type SeatStoreOptions } from "./create-seat-store.ts";
export { SeatStoreFault } from "./fault.ts";
export type {
	CancelOutcome,
	ConfirmOutcome,
	InstallOutcome,
	OutboxEntry,
	PlaceHoldOutcome,
	ReadMapOutcome,
} from "./outcomes.ts";
export type { ChangeBookingCommand, PlaceHoldCommand, SeatInspection, SeatStore, ShowtimeSnapshot } from "./seat-store.ts";
