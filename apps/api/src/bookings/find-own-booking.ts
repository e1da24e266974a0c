/** A booking as it stands now, if it is this user's: "not there" and "not yours" are the same null. */
import { type Database, findBooking } from "@holdfast/database";
import type { Booking, BookingId, UserId } from "@holdfast/domain";
import type { SeatStore } from "@holdfast/seat-store";

/**
 * Redis first: whatever happened in the last day is there, and nothing newer is anywhere else. What has left Redis
 * is in the ledger, holds that were never confirmed excepted.
 */
export async function findOwnBooking(
	{ seatStore, database }: { seatStore: SeatStore; database: Database },
	bookingId: BookingId,
	userId: UserId,
): Promise<Booking | null> {
	const booking = (await seatStore.readBooking(bookingId)) ?? (await findBooking(database, bookingId))?.booking;
	return booking?.userId === userId ? booking : null;
}
