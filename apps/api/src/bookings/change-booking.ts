/**
 * Runs a confirm or a cancel in the seat store. Finds the showtime, whose keys the script needs. Restores what the script misses (a
 * booking whose Redis record has expired, a showtime that is not installed) and then runs the command again.
 */
import { type Database, findBooking } from "@holdfast/database";
import type { Booking, BookingId, ShowtimeId, UserId } from "@holdfast/domain";
import { withOpenShowtime } from "@holdfast/rebuild";
import type { CancelOutcome, ChangeBookingCommand, ConfirmOutcome, SeatStore } from "@holdfast/seat-store";
import type { LRUCache } from "lru-cache";
import type { InstalledShowtimes } from "../showtimes/installed-showtimes.ts";
import type { NotOpen } from "../showtimes/open-showtime.ts";
import { findOwnBooking } from "./find-own-booking.ts";

/** The stores and caches that a change of a booking needs. */
export type ChangeBookingDeps = {
	readonly seatStore: SeatStore;
	readonly database: Database;
	readonly installedShowtimes: InstalledShowtimes;
	/** Cache: a booking never moves to another showtime. An entry says nothing about the booking's owner. */
	readonly showtimeOfBooking: LRUCache<BookingId, ShowtimeId>;
};

/** The outcome of a confirm or cancel. */
export type ChangeOutcome = ConfirmOutcome | CancelOutcome;

type Outcome = { readonly outcome: string };

/** One change of one booking of one user. `Result` is what the seat store command answers. */
export type BookingChange<Result extends Outcome = ChangeOutcome> = {
	readonly bookingId: BookingId;
	readonly userId: UserId;
	/** Proceed only at this version. Null: at any version. */
	readonly ifVersion: number | null;
	/** Runs the seat store command. */
	readonly execute: (command: ChangeBookingCommand) => Promise<Result>;
	/** The answer when no script can run: the showtime has ended and is no longer installed. */
	readonly answerAfterEnd: (
		found: { booking: Booking; nowMs: number },
		ifVersion: number | null,
	) => Result | { outcome: "showtime_closed" };
};

const NOT_FOUND = { outcome: "not_found" } as const;

/**
 * Returns the outcome of the change. `not_loaded` is returned only if the store lost the record again right after it was restored. The
 * owner is checked before the booking's showtime is opened and before the response reveals anything about it. Safe to repeat.
 */
export async function changeBooking<Result extends Outcome>(
	deps: ChangeBookingDeps,
	{ bookingId, userId, ifVersion, execute, answerAfterEnd }: BookingChange<Result>,
): Promise<Result | NotOpen> {
	const { installedShowtimes, showtimeOfBooking } = deps;
	const showtimeId = showtimeOfBooking.get(bookingId) ?? (await findShowtimeId(deps, bookingId, userId));
	if (showtimeId === null) return NOT_FOUND;
	showtimeOfBooking.set(bookingId, showtimeId);

	const command = { bookingId, userId, ifVersion, showtimeId };
	const findOwn = () => findOwnBooking(deps, bookingId, userId);
	async function executeWithRecord(): Promise<Result | typeof NOT_FOUND> {
		const answer = await execute(command);
		if (answer.outcome !== "not_loaded") return answer;
		return (await loadFromLedger(deps, bookingId, userId)) === null ? NOT_FOUND : execute(command);
	}
	async function executeAsOwner(): Promise<Result | typeof NOT_FOUND> {
		const answer = await executeWithRecord();
		// The script checks the fence before the owner. Without this check a fence error would reveal to other users that the booking exists.
		return isRefusedByFence(answer) && (await findOwn()) === null ? NOT_FOUND : answer;
	}
	const result = await withOpenShowtime(() => installedShowtimes.reopen(showtimeId), executeAsOwner);
	if (result.outcome !== "showtime_closed") return result;
	const found = await findOwn();
	return found === null ? NOT_FOUND : answerAfterEnd(found, ifVersion);
}

const isRefusedByFence = ({ outcome }: Outcome): boolean => outcome === "not_ready" || outcome === "fenced" || outcome === "recovering";

async function findShowtimeId(deps: ChangeBookingDeps, bookingId: BookingId, userId: UserId): Promise<ShowtimeId | null> {
	const booking = (await deps.seatStore.readBooking(bookingId)) ?? (await loadFromLedger(deps, bookingId, userId));
	return booking?.showtimeId ?? null;
}

/** Copies the booking from the ledger to Redis, for its owner only: requests of other users must not fill Redis. */
async function loadFromLedger({ seatStore, database }: ChangeBookingDeps, bookingId: BookingId, userId: UserId): Promise<Booking | null> {
	const found = await findBooking(database, bookingId);
	if (found === null || found.booking.userId !== userId) return null;
	await seatStore.loadBooking(found.booking);
	return found.booking;
}
