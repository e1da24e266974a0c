/**
 * What confirm and cancel share: find the showtime whose keys the script needs, and bring back what the script
 * misses (a booking older than its record, a showtime that is not installed) before asking it again.
 */
import { type Database, findBooking } from "@holdfast/database";
import type { Booking, BookingId, ShowtimeId, UserId } from "@holdfast/domain";
import type { ChangeBookingCommand, SeatStore } from "@holdfast/seat-store";
import type { BoundedCache } from "../bounded-cache.ts";
import type { LiveShowtimes } from "../showtimes/live-showtimes.ts";
import type { NotOpen } from "../showtimes/open-showtime.ts";

export type ChangeBookingDeps = {
	readonly seatStore: SeatStore;
	readonly database: Database;
	readonly liveShowtimes: LiveShowtimes;
	/** A booking never moves to another showtime, so what was learnt once saves a read. Tells nothing about whose it is. */
	readonly showtimeOfBooking: BoundedCache<BookingId, ShowtimeId>;
};

/** One try, and one more for each thing that may have to be brought back. */
const TRIES_MAX = 3;

/**
 * Run `change` until it is judged. `not_loaded`, `not_ready` and `fenced` come back only when the store lost again what
 * was just brought back.
 */
export async function changeBooking<Outcome extends { outcome: string }>(
	deps: ChangeBookingDeps,
	asked: { bookingId: BookingId; userId: UserId; ifVersion: number | null },
	change: (command: ChangeBookingCommand) => Promise<Outcome>,
): Promise<Outcome | NotOpen> {
	const { liveShowtimes, showtimeOfBooking } = deps;
	const showtimeId = showtimeOfBooking.get(asked.bookingId) ?? (await findShowtimeId(deps, asked.bookingId, asked.userId));
	if (showtimeId === null) return { outcome: "not_found" };
	showtimeOfBooking.set(asked.bookingId, showtimeId);

	let result = await change({ ...asked, showtimeId });
	for (let attempt = 1; attempt < TRIES_MAX; attempt += 1) {
		if (result.outcome === "not_loaded") {
			if ((await loadFromLedger(deps, asked.bookingId, asked.userId)) === null) return { outcome: "not_found" };
		} else if (result.outcome === "not_ready" || result.outcome === "fenced") {
			const opening = await liveShowtimes.reopen(showtimeId);
			if (opening.outcome !== "opened") return opening;
		} else {
			return result;
		}
		result = await change({ ...asked, showtimeId });
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
