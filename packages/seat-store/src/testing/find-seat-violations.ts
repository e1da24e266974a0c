/** Invariant checks of one showtime's seats, for tests. Each returns a sentence per violation; an empty list means no violation. */
import { parseBookingId, type ShowtimeId } from "@holdfast/domain";
import type { SeatInspection } from "../commands/read-seat-map.ts";
import type { SeatStore } from "../seat-store.ts";

/** Owner entries without a booking: X is blocked, Q is quarantined. The seat map shows the same letters. */
const OFF_SALE: readonly string[] = ["X", "Q"];

/** A row of booking_seats that has not been released. */
export type LedgerSeat = { readonly seat: number; readonly bookingId: string };

/**
 * Finds seats whose status in the map differs from their owner entry. With `ledgerSeats`, also finds seats that only one of Redis and the
 * ledger has as sold. Call while nothing changes the showtime.
 */
export async function findSeatViolations(
	seatStore: SeatStore,
	showtimeId: ShowtimeId,
	ledgerSeats: readonly LedgerSeat[] | null,
): Promise<string[]> {
	const { owners, statuses, nowMs } = await seatStore.inspectSeats(showtimeId);
	const violations: string[] = [];
	const ownerOf = new Map(owners.map((owner) => [owner.seat, owner]));
	[...statuses].forEach((letter, seat) => {
		const owner = ownerOf.get(seat);
		const expected = letterOf(owner);
		const isExpired = owner !== undefined && owner.expiresAt > 0 && nowMs >= owner.expiresAt;
		if (letter !== expected && !(isExpired && letter === "A"))
			violations.push(`seat ${seat}: the map says ${letter}, its owner entry ${expected}`);
	});
	for (const { seat } of owners) if (seat >= statuses.length) violations.push(`seat ${seat} has an owner but no place in the map`);
	if (ledgerSeats !== null) {
		const sold = owners.filter((owner) => letterOf(owner) === "S").map(({ seat, bookingId }) => `${seat} ${bookingId}`);
		const recorded = ledgerSeats.map(({ seat, bookingId }) => `${seat} ${bookingId}`);
		for (const sale of sold) if (!recorded.includes(sale)) violations.push(`sold in Redis, not in the ledger: ${sale}`);
		for (const sale of recorded) if (!sold.includes(sale)) violations.push(`in the ledger, not sold in Redis: ${sale}`);
		if (new Set(ledgerSeats.map(({ seat }) => seat)).size !== ledgerSeats.length) violations.push("the ledger has one seat twice");
	}
	return violations;
}

function letterOf(owner: SeatInspection["owners"][number] | undefined): string {
	if (owner === undefined) return "A";
	if (owner.expiresAt > 0) return "H";
	return OFF_SALE.includes(owner.bookingId) ? owner.bookingId : "S";
}

/**
 * Finds live holds and confirmed bookings that own only some of their seats. Expired holds are left out: the next buyer may have taken
 * some of their seats. May be called while buyers are active: all owner entries are read in one moment.
 */
export async function findPartialHolds(seatStore: SeatStore, showtimeId: ShowtimeId): Promise<string[]> {
	const { owners, nowMs } = await seatStore.inspectSeats(showtimeId);
	const live = owners.filter(({ bookingId, expiresAt }) => !OFF_SALE.includes(bookingId) && (expiresAt === 0 || nowMs < expiresAt));
	const violations: string[] = [];
	for (const [id, owned] of Map.groupBy(live, ({ bookingId }) => bookingId)) {
		const bookingId = parseBookingId(id);
		const booking = bookingId && (await seatStore.readBooking(bookingId));
		const seats = owned.map(({ seat }) => seat).sort((a, b) => a - b);
		if (!booking) violations.push(`seats ${seats} are owned by ${id}, which has no record`);
		else if (booking.seats.join() !== seats.join()) violations.push(`booking ${id} is for seats ${booking.seats} and owns ${seats}`);
	}
	return violations;
}
