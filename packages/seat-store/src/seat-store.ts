/**
 * The seat store: the truth about live seats. Every method is one command on Redis, nearly always one script;
 * all are safe to call twice. Outcomes are values; a lost connection or a passed deadline throws
 * `SeatStoreFault`, after which a write may or may not have happened: repeat the same command to learn which.
 */
import type {
	AdoptedTimeline,
	Booking,
	BookingId,
	Conflict,
	IndexedSeatPlan,
	LedgerTimeline,
	OpenShowtime,
	OutboxEntry,
	SeatPlan,
	SeatPlanId,
	ShowtimeId,
	ShowtimeSnapshot,
	ShowtimeState,
	TierPrices,
	UserId,
} from "@holdfast/domain";
import type {
	BlockSeatsOutcome,
	CancelOutcome,
	ClaimOutcome,
	ConfirmOutcome,
	ExtendOutcome,
	InstallOutcome,
	PlaceHoldOutcome,
	ReadBookingsResult,
	ReadMapOutcome,
	SetShowtimeOutcome,
} from "./outcomes.ts";
import type { SeatListener } from "./subscribe-to-seats.ts";
import type { Durability, ServerCondition } from "./verify-durability.ts";

export type PlaceHoldCommand = {
	readonly bookingId: BookingId;
	readonly userId: UserId;
	/** The showtime as it was priced; the script refuses with `stale_prices` when plan or prices have moved on. */
	readonly showtime: OpenShowtime;
	/** Distinct seat indexes, ascending, 1..seatsPerBookingMax. */
	readonly seats: readonly number[];
	/** What each of `seats` costs under `showtime.prices`, in the same order, minor units; at most `PRICE_MAX` each. */
	readonly amounts: readonly number[];
	readonly idempotencyKey: string | null;
};

export type ChangeBookingCommand = {
	readonly bookingId: BookingId;
	readonly showtimeId: ShowtimeId;
	readonly userId: UserId;
	/** Only if the booking stands at this version; null: whatever it is. */
	readonly ifVersion: number | null;
};

/** One change of what a showtime is sold on. Prices are minor units by tier id, at most `PRICE_MAX`, for every tier of its plan. */
export type SetTermsCommand = {
	readonly showtimeId: ShowtimeId;
	readonly change:
		| { readonly what: "state"; readonly state: ShowtimeState }
		| { readonly what: "prices"; readonly prices: TierPrices; readonly currency: string }
		| { readonly what: "window"; readonly salesOpenAt: number; readonly salesCloseAt: number };
};

/** Distinct seat indexes, 1..BLOCK_SEATS_MAX. */
export type BlockSeatsCommand = { readonly showtimeId: ShowtimeId; readonly seats: readonly number[]; readonly isBlocked: boolean };

export type RescheduleCommand = {
	readonly showtimeId: ShowtimeId;
	readonly scheduleVersion: number;
	readonly startsAt: number;
	readonly endsAt: number;
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
	/** Of these showtimes, the ones that nobody can book before they are rebuilt. */
	findUnopened(showtimeIds: readonly ShowtimeId[]): Promise<ShowtimeId[]>;
	/**
	 * First step of a rebuild: freeze the seats for whoever has `token`. Acknowledged like a confirm. `ledgerEpoch` must have
	 * been read before this is called (ADR 9).
	 */
	claimShowtime(showtimeId: ShowtimeId, claim: { token: string; ledgerEpoch: number }): Promise<ClaimOutcome>;
	/** End a claim that came to nothing. */
	giveBackClaim(showtimeId: ShowtimeId, token: string): Promise<void>;
	/** Compare a bucket's history with the ledger's (null: none) and adopt its timeline. Call under the ledger's lock of the bucket. */
	adoptTimeline(bucket: number, ledger: Pick<LedgerTimeline, "timeline" | "seq"> | null): Promise<AdoptedTimeline>;
	/** Last step: merge what stands with the snapshot, read under the claim and its epoch, and open. `nowMs` is the claim's. */
	installShowtime(snapshot: ShowtimeSnapshot, claim: { token: string; nowMs: number }): Promise<InstallOutcome>;
	/** Put quarantined seats on sale; gives how many, null while the fence forbids it. */
	openQuarantined(showtimeId: ShowtimeId): Promise<number | null>;
	readPlan(planId: SeatPlanId): Promise<IndexedSeatPlan | null>;
	hasPlan(planId: SeatPlanId): Promise<boolean>;
	writePlan(plan: SeatPlan): Promise<void>;

	placeHold(command: PlaceHoldCommand): Promise<PlaceHoldOutcome>;
	/** More time for the payment, once per hold. */
	extendHold(command: ChangeBookingCommand): Promise<ExtendOutcome>;
	confirmBooking(command: ChangeBookingCommand): Promise<ConfirmOutcome>;
	cancelBooking(command: ChangeBookingCommand): Promise<CancelOutcome>;

	setTerms(command: SetTermsCommand): Promise<SetShowtimeOutcome>;
	blockSeats(command: BlockSeatsCommand): Promise<BlockSeatsOutcome>;
	reschedule(command: RescheduleCommand): Promise<SetShowtimeOutcome>;
	/** Make a booking that lost its seats in the ledger lose them here; false while the fence forbids it. */
	resolveConflict(conflict: Conflict): Promise<boolean>;

	/** The map with nothing lapsed in it: frees lapsed holds first when there are any. */
	readSeatMap(showtimeId: ShowtimeId): Promise<ReadMapOutcome>;
	/**
	 * Tell `listener` of each change of a showtime's seats. Resolves once nothing can be missed unnoticed, to what ends it: a map read
	 * after that and the news of later versions are the whole story. One subscription per showtime, on a connection of its own.
	 */
	watchSeats(showtimeId: ShowtimeId, listener: SeatListener): Promise<() => void>;
	/** Indexes of the seats that this user holds or has bought here at `nowMs` (the clock of a read map). */
	readOwnSeats(showtimeId: ShowtimeId, userId: UserId, nowMs: number): Promise<number[]>;
	/** Every seat that is not free, with the map as of the same instant: for proofs, not for the hot path. */
	inspectSeats(showtimeId: ShowtimeId): Promise<SeatInspection>;
	readBooking(bookingId: BookingId): Promise<Booking | null>;
	/** Write a ledger booking back into Redis for a day, if it is absent. */
	loadBooking(booking: Booking): Promise<void>;
	/** The user's holds and confirmed bookings at these showtimes, at most `SHOWTIMES_ASKED_MAX`; expired holds may be among them. */
	findUserBookings(userId: UserId, showtimeIds: readonly ShowtimeId[]): Promise<BookingId[]>;
	/**
	 * Those of these that Redis has, in their order, and those whose record cannot be read. Each costs a command: read no more than an
	 * answer needs.
	 */
	readBookings(ids: readonly BookingId[]): Promise<ReadBookingsResult>;
	/** The user's bookings of the last month, newest first; the records of some may be gone. */
	listRecentBookingIds(userId: UserId): Promise<BookingId[]>;

	/** Free up to 100 expired holds of a showtime; says how many, and whether more have expired. */
	reapHolds(showtimeId: ShowtimeId): Promise<{ reaped: number; more: boolean }>;
	/** Showtimes of a bucket whose earliest hold has expired, at most 100. */
	listShowtimesToReap(bucket: number): Promise<ShowtimeId[]>;

	/** The oldest entries of a bucket's outbox, from `afterEntryId` on (exclusive; null: from the start). */
	readBatch(bucket: number, options: { afterEntryId: string | null; limit: number }): Promise<OutboxEntry[]>;
	/** Drop settled entries from the outbox; mark each named booking recorded if it still stands at that version. */
	ackBatch(bucket: number, entries: readonly { entryId: string; booking: { id: BookingId; version: number } | null }[]): Promise<void>;
	/** Append a dead letter's fields to its outbox again, as they were. */
	requeueEntry(bucket: number, raw: Readonly<Record<string, string>>): Promise<void>;
	/** Wait until one of the outboxes has an entry; gives the buckets that do, [] at the deadline. Uses a connection of its own. */
	waitForEntries(options: { timeoutMs: number }): Promise<number[]>;
	/** Entries waiting in each bucket's outbox, by bucket. */
	outboxDepths(): Promise<number[]>;
	/** How long the oldest entry of all outboxes has waited, ms; 0 when none waits. What was dead-lettered waits no more. */
	settleLagMs(): Promise<number>;

	/** The clock that judges holds, epoch ms. */
	now(): Promise<number>;
	/** The sweeper says it is alive; true for `ttlMs`. */
	beatSweeper(ttlMs: number): Promise<void>;
	isSweeperAlive(): Promise<boolean>;
	/** What the server says of itself: one section of INFO, by field. */
	inspectServer(section: "commandstats" | "memory" | "persistence" | "replication" | "server"): Promise<Record<string, string>>;
	/** Answers or throws. */
	ping(): Promise<void>;
	/** Whether a real write was acknowledged, of at most a second ago. Never rejects. */
	isWritable(): Promise<boolean>;
	/** Whether Redis keeps what it acknowledges, as of the last look, at most a second ago; while it is `refused`, writes are `unavailable`. */
	durability(): Durability;
	/** Role and replicas, as of the last look. */
	condition(): ServerCondition;
	close(): Promise<void>;
};
