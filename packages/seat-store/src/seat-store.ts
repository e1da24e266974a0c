/**
 * The seat store: the truth about live seats. Every method is one command on Redis, nearly always one script;
 * all are safe to call twice. Outcomes are values; a lost connection or a passed deadline throws
 * `SeatStoreFault`, after which a write may or may not have happened: repeat the same command to learn which.
 */
import type { Booking, BookingId, IndexedSeatPlan, OpenShowtime, SeatPlan, SeatPlanId, ShowtimeId, UserId } from "@holdfast/domain";
import type { CancelOutcome, ConfirmOutcome, InstallOutcome, OutboxEntry, PlaceHoldOutcome, ReadMapOutcome } from "./outcomes.ts";

export type PlaceHoldCommand = {
	readonly bookingId: BookingId;
	readonly userId: UserId;
	/** The showtime as it was priced; the script refuses with `stale_prices` when plan or prices have moved on. */
	readonly showtime: OpenShowtime;
	/** Distinct seat indexes, ascending, 1..seatsPerBookingMax. */
	readonly seats: readonly number[];
	/** Total price in minor units under `showtime.prices`. */
	readonly amount: number;
	readonly idempotencyKey: string | null;
};

export type ChangeBookingCommand = {
	readonly bookingId: BookingId;
	readonly showtimeId: ShowtimeId;
	readonly userId: UserId;
	/** Only if the booking stands at this version; null: whatever it is. */
	readonly ifVersion: number | null;
};

/** What the ledger knows of a showtime at the moment it is opened. */
export type ShowtimeSnapshot = {
	readonly showtime: OpenShowtime;
	readonly epoch: number;
	readonly soldSeats: readonly { readonly seat: number; readonly bookingId: BookingId; readonly userId: UserId }[];
};

/** The truth and its projection side by side. `expiresAt` 0: sold, or kept back for good. */
export type SeatInspection = {
	readonly owners: readonly { readonly seat: number; readonly bookingId: string; readonly expiresAt: number }[];
	readonly statuses: string;
	readonly nowMs: number;
};

export type SeatStore = {
	/** The showtime as installed, or null when it is not. */
	readShowtime(showtimeId: ShowtimeId): Promise<OpenShowtime | null>;
	/** Open a showtime for selling. Call with a snapshot read under its `epoch`. */
	installShowtime(snapshot: ShowtimeSnapshot): Promise<InstallOutcome>;
	readPlan(planId: SeatPlanId): Promise<IndexedSeatPlan | null>;
	hasPlan(planId: SeatPlanId): Promise<boolean>;
	writePlan(plan: SeatPlan): Promise<void>;

	placeHold(command: PlaceHoldCommand): Promise<PlaceHoldOutcome>;
	confirmBooking(command: ChangeBookingCommand): Promise<ConfirmOutcome>;
	cancelBooking(command: ChangeBookingCommand): Promise<CancelOutcome>;

	/** The map with nothing lapsed in it: frees lapsed holds first when there are any. */
	readSeatMap(showtimeId: ShowtimeId): Promise<ReadMapOutcome>;
	/** Indexes of the seats that this user holds or has bought here at `nowMs` (the clock of a read map). */
	readOwnSeats(showtimeId: ShowtimeId, userId: UserId, nowMs: number): Promise<number[]>;
	/** Every seat that is not free, with the map as of the same instant: for proofs, not for the hot path. */
	inspectSeats(showtimeId: ShowtimeId): Promise<SeatInspection>;
	readBooking(bookingId: BookingId): Promise<Booking | null>;
	/** Write a ledger booking back into Redis for a day, if it is absent. */
	loadBooking(booking: Booking): Promise<void>;
	/** The user's bookings that Redis still has, newest first. */
	listRecentBookings(userId: UserId): Promise<Booking[]>;

	/** Free up to 100 lapsed holds of a showtime; says how many, and whether more are lapsed. */
	reapHolds(showtimeId: ShowtimeId): Promise<{ reaped: number; more: boolean }>;
	/** Showtimes of a bucket whose earliest hold has lapsed, at most 100. */
	listLapsedShowtimes(bucket: number): Promise<ShowtimeId[]>;

	/** The oldest entries of a bucket's outbox, from `afterEntryId` on (exclusive; null: from the start). */
	readBatch(bucket: number, options: { afterEntryId: string | null; limit: number }): Promise<OutboxEntry[]>;
	/** Drop settled entries from the outbox; mark each named booking recorded if it still stands at that version. */
	ackBatch(bucket: number, entries: readonly { entryId: string; booking: { id: BookingId; version: number } | null }[]): Promise<void>;
	/** Wait until one of the outboxes has an entry; gives the buckets that do, [] at the deadline. Uses a connection of its own. */
	waitForEntries(options: { timeoutMs: number }): Promise<number[]>;
	/** Entries waiting in each bucket's outbox, by bucket. */
	outboxDepths(): Promise<number[]>;

	/** The sweeper says it is alive; true for `ttlMs`. */
	beatSweeper(ttlMs: number): Promise<void>;
	isSweeperAlive(): Promise<boolean>;
	/** What the server says of itself: one section of INFO, by field. */
	inspectServer(section: "commandstats" | "memory" | "persistence" | "replication" | "server"): Promise<Record<string, string>>;
	/** Answers or throws. */
	ping(): Promise<void>;
	close(): Promise<void>;
};
