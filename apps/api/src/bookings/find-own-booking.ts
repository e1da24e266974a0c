/** A booking as it stands now, if it is this user's: "not there" and "not yours" are the same null. */
import { type Database, findBooking, isDatabaseUnavailable } from "@holdfast/database";
import { type Booking, type BookingId, bucketOf, type UserId } from "@holdfast/domain";
import { withDeadline } from "@holdfast/runtime";
import type { SeatStore } from "@holdfast/seat-store";

/** How long a booking that Redis has waits for what the ledger may know better. A Postgres that stands still answers nobody. */
const LEDGER_WAIT_MS = 300;

/**
 * Both stores are asked and the higher version stands: Redis knows first, except of what the ledger itself has found or
 * done (a conflict, the bookings of a cancelled showtime). While Postgres is away, Redis's word is enough.
 */
export async function findOwnBooking(
	{ seatStore, database }: { seatStore: SeatStore; database: Database },
	bookingId: BookingId,
	userId: UserId,
): Promise<{ booking: Booking; nowMs: number } | null> {
	const ledger = findBooking(database, bookingId).then((found) => found?.booking ?? null);
	// Its failure is judged below; until then it must not pass for one that nobody handles.
	ledger.catch(() => {});
	const [live, nowMs] = await Promise.all([seatStore.readBooking(bookingId), seatStore.now(bucketOf(bookingId))]);
	const recorded = live === null ? await ledger : await askBriefly(ledger);
	const booking = isNewer(recorded, live) ? recorded : live;
	return booking?.userId === userId ? { booking, nowMs } : null;
}

/** What the ledger says soon; null when it is away or slow. */
function askBriefly(ledger: Promise<Booking | null>): Promise<Booking | null> {
	const answer = ledger.catch((error: unknown) => {
		if (isDatabaseUnavailable(error)) return null;
		throw error;
	});
	return withDeadline(answer, LEDGER_WAIT_MS, () => null);
}

/** Of equals the ledger's: it is the one that knows it is recorded. */
function isNewer(recorded: Booking | null, live: Booking | null): boolean {
	return recorded !== null && recorded.version >= (live?.version ?? 0);
}
