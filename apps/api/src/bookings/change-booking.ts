/**
 * What confirm and cancel share: find the showtime whose keys the script needs, and bring back what the script
 * misses (a booking older than its record, a showtime that is not installed) before asking it again.
 */
import { type Database, findBooking } from "@holdfast/database";
import type { Booking, BookingId, ShowtimeId, UserId } from "@holdfast/domain";
import { withOpenShowtime } from "@holdfast/rebuild";
import type { CancelOutcome, ChangeBookingCommand, ConfirmOutcome, SeatStore } from "@holdfast/seat-store";
import type { LRUCache } from "lru-cache";
import type { LiveShowtimes } from "../showtimes/live-showtimes.ts";
import type { NotOpen } from "../showtimes/open-showtime.ts";
import { findOwnBooking } from "./find-own-booking.ts";

export type ChangeBookingDeps = {
	readonly seatStore: SeatStore;
	readonly database: Database;
	readonly liveShowtimes: LiveShowtimes;
	/** A booking never moves to another showtime, so what was learnt once saves a read. Tells nothing about whose it is. */
	readonly showtimeOfBooking: LRUCache<BookingId, ShowtimeId>;
};

export type ChangeOutcome = ConfirmOutcome | CancelOutcome;

export type BookingChange = {
	readonly bookingId: BookingId;
	readonly userId: UserId;
	/** Go on only at this version; null: at any. */
	readonly ifVersion: number | null;
	/** Ask the script that judges it. */
	readonly ask: (command: ChangeBookingCommand) => Promise<ChangeOutcome>;
	/** The answer where no script can: at a showtime that is over and not installed any more. */
	readonly answerOver: (
		found: { booking: Booking; nowMs: number },
		ifVersion: number | null,
	) => ChangeOutcome | { outcome: "showtime_closed" };
};

const NOT_FOUND = { outcome: "not_found" } as const;

/**
 * Ask until it is judged. `not_loaded` comes back only when the store lost again the record that was just brought back. Whose
 * booking it is is judged before anything is said or done about its showtime.
 */
export async function changeBooking(
	deps: ChangeBookingDeps,
	{ bookingId, userId, ifVersion, ask, answerOver }: BookingChange,
): Promise<ChangeOutcome | NotOpen> {
	const { liveShowtimes, showtimeOfBooking } = deps;
	const showtimeId = showtimeOfBooking.get(bookingId) ?? (await findShowtimeId(deps, bookingId, userId));
	if (showtimeId === null) return NOT_FOUND;
	showtimeOfBooking.set(bookingId, showtimeId);

	const command = { bookingId, userId, ifVersion, showtimeId };
	const findOwn = () => findOwnBooking(deps, bookingId, userId);
	async function askLoaded(): Promise<ChangeOutcome> {
		const answer = await ask(command);
		if (answer.outcome !== "not_loaded") return answer;
		return (await loadFromLedger(deps, bookingId, userId)) === null ? NOT_FOUND : ask(command);
	}
	async function askOwn(): Promise<ChangeOutcome> {
		const answer = await askLoaded();
		// The fence comes before the booking in the script, and would tell a stranger that there is one.
		return isRefusedByFence(answer) && (await findOwn()) === null ? NOT_FOUND : answer;
	}
	const result = await withOpenShowtime(() => liveShowtimes.reopen(showtimeId), askOwn);
	if (result.outcome !== "showtime_closed") return result;
	const found = await findOwn();
	return found === null ? NOT_FOUND : answerOver(found, ifVersion);
}

const isRefusedByFence = ({ outcome }: ChangeOutcome): boolean =>
	outcome === "not_ready" || outcome === "fenced" || outcome === "recovering";

async function findShowtimeId(deps: ChangeBookingDeps, bookingId: BookingId, userId: UserId): Promise<ShowtimeId | null> {
	const booking = (await deps.seatStore.readBooking(bookingId)) ?? (await loadFromLedger(deps, bookingId, userId));
	return booking?.showtimeId ?? null;
}

/** Only for its owner: nobody else's question fills Redis. */
async function loadFromLedger({ seatStore, database }: ChangeBookingDeps, bookingId: BookingId, userId: UserId): Promise<Booking | null> {
	const found = await findBooking(database, bookingId);
	if (found === null || found.booking.userId !== userId) return null;
	await seatStore.loadBooking(found.booking);
	return found.booking;
}
