/**
 * The invariant checker of one showtime at rest: the map agrees with the owners seat by seat, and what Redis has
 * sold is what the ledger has. Returns every violation as a sentence; an empty list is the proof.
 */
import { parseBookingId, type ShowtimeId } from "@holdfast/domain";
import type { SeatInspection } from "../commands/read-seat-map.ts";
import type { SeatStore } from "../seat-store.ts";

/** Owners that are no booking: blocked and quarantined. Their letter in the map is the same. */
const KEPT_BACK: readonly string[] = ["X", "Q"];

/** An active row of the ledger. */
export type LedgerSeat = { readonly seat: number; readonly bookingId: string };

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
		for (const line of sold) if (!recorded.includes(line)) violations.push(`sold in Redis, not in the ledger: ${line}`);
		for (const line of recorded) if (!sold.includes(line)) violations.push(`in the ledger, not sold in Redis: ${line}`);
		if (new Set(ledgerSeats.map(({ seat }) => seat)).size !== ledgerSeats.length) violations.push("the ledger has a seat twice");
	}
	return violations;
}

function letterOf(owner: SeatInspection["owners"][number] | undefined): string {
	if (owner === undefined) return "A";
	if (owner.expiresAt > 0) return "H";
	return KEPT_BACK.includes(owner.bookingId) ? owner.bookingId : "S";
}

/**
 * Live holds and sales that own only some of their seats. Owners are read in one instant; a lapsed hold may have lost
 * seats to the next buyer, so only entries that have not lapsed are judged.
 */
export async function findPartialHolds(seatStore: SeatStore, showtimeId: ShowtimeId): Promise<string[]> {
	const { owners, nowMs } = await seatStore.inspectSeats(showtimeId);
	const live = owners.filter(({ bookingId, expiresAt }) => !KEPT_BACK.includes(bookingId) && (expiresAt === 0 || nowMs < expiresAt));
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
