/** Finds the current state of a booking. For users, another user's booking is the same as a missing one. */
import { type Database, findBooking, isDatabaseUnavailable } from "@holdfast/database";
import { type Booking, type BookingId, bucketOf, type UserId } from "@holdfast/domain";
import { withDeadline } from "@holdfast/runtime";
import type { SeatStore } from "@holdfast/seat-store";

/** How long to wait for the ledger's copy if Redis has the booking. A stalled Postgres must not delay the response further. */
const LEDGER_WAIT_MS = 300;

/** A booking, and the Redis time (epoch ms) at which it was read. */
type FoundBooking = { readonly booking: Booking; readonly nowMs: number };
type Stores = { readonly seatStore: SeatStore; readonly database: Database };

/** As `findAnyBooking`, and null for a booking of another user. */
export async function findOwnBooking(stores: Stores, bookingId: BookingId, userId: UserId): Promise<FoundBooking | null> {
	const found = await findAnyBooking(stores, bookingId);
	return found?.booking.userId === userId ? found : null;
}

/**
 * Returns the booking of any user, for staff, and the Redis time. Reads both stores, and the higher version wins. Redis has each change first, except changes
 * that start in the ledger (a conflict, the bookings of a cancelled showtime). While Postgres is unavailable, the copy in Redis is enough.
 * Throws when Redis is unavailable, or when only the ledger could have the booking and Postgres is unavailable.
 */
export async function findAnyBooking({ seatStore, database }: Stores, bookingId: BookingId): Promise<FoundBooking | null> {
	const ledger = findBooking(database, bookingId).then((found) => found?.booking ?? null);
	// Awaited below. This only keeps Node from reporting an unhandled rejection in the meantime.
	ledger.catch(() => {});
	const [live, nowMs] = await Promise.all([seatStore.readBooking(bookingId), seatStore.now(bucketOf(bookingId))]);
	const recorded = live === null ? await ledger : await waitBriefly(ledger);
	const booking = isNewer(recorded, live) ? recorded : live;
	return booking === null ? null : { booking, nowMs };
}

/** The ledger's copy; null if Postgres is unavailable or slower than `LEDGER_WAIT_MS`. */
function waitBriefly(ledger: Promise<Booking | null>): Promise<Booking | null> {
	const answer = ledger.catch((error: unknown) => {
		if (isDatabaseUnavailable(error)) return null;
		throw error;
	});
	return withDeadline(answer, LEDGER_WAIT_MS, () => null);
}

/** At equal versions the ledger's copy wins, because it has `recorded` set. */
function isNewer(recorded: Booking | null, live: Booking | null): boolean {
	return recorded !== null && recorded.version >= (live?.version ?? 0);
}
