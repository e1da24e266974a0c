/**
 * What confirm and cancel share: find the showtime whose keys the script needs, and bring back what the script
 * misses (a booking older than its record, a showtime that is not installed) before asking it again.
 */
import { type Database, findBooking } from "@holdfast/database";
import type { Booking, BookingId, ShowtimeId, UserId } from "@holdfast/domain";
import type { ChangeBookingCommand, SeatStore } from "@holdfast/seat-store";
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

/** One try, and one more for each thing that may have to be brought back. */
const TRIES_MAX = 3;

export type BookingChange<Outcome> = {
	readonly bookingId: BookingId;
	readonly userId: UserId;
	/** Go on only at this version; null: at any. */
	readonly ifVersion: number | null;
	/** Ask the script that judges it. */
	readonly ask: (command: ChangeBookingCommand) => Promise<Outcome>;
	/** The answer where no script can: at a showtime that is over and not installed any more. */
	readonly answerOver: (found: { booking: Booking; nowMs: number }, ifVersion: number | null) => Outcome | { outcome: "showtime_closed" };
};

/**
 * Ask until it is judged. `not_loaded`, `not_ready` and `fenced` come back only when the store lost again what was just brought
 * back. Whose booking it is is judged before anything is said or done about its showtime.
 */
export async function changeBooking<Outcome extends { outcome: string }>(
	deps: ChangeBookingDeps,
	{ bookingId, userId, ifVersion, ask, answerOver }: BookingChange<Outcome>,
): Promise<Outcome | NotOpen> {
	const { liveShowtimes, showtimeOfBooking } = deps;
	const showtimeId = showtimeOfBooking.get(bookingId) ?? (await findShowtimeId(deps, bookingId, userId));
	if (showtimeId === null) return { outcome: "not_found" };
	showtimeOfBooking.set(bookingId, showtimeId);

	const command = { bookingId, userId, ifVersion, showtimeId };
	let result = await ask(command);
	for (let attempt = 1; attempt < TRIES_MAX; attempt += 1) {
		switch (result.outcome) {
			case "not_loaded":
				if ((await loadFromLedger(deps, bookingId, userId)) === null) return { outcome: "not_found" };
				break;
			case "not_ready":
			case "fenced":
			case "recovering": {
				// The fence comes before the booking in the script, and would tell a stranger that there is one.
				const found = await findOwnBooking(deps, bookingId, userId);
				if (found === null) return { outcome: "not_found" };
				if (result.outcome === "recovering") return result;
				const opening = await liveShowtimes.reopen(showtimeId);
				if (opening.outcome === "showtime_closed") return answerOver(found, ifVersion);
				if (opening.outcome !== "opened") return opening;
				break;
			}
			default:
				return result;
		}
		result = await ask(command);
	}
	return result;
}

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
