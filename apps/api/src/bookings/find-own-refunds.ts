/** Reads what is owed for bookings. */
import { type BookingRefund, type Database, findRefunds, isDatabaseUnavailable } from "@holdfast/database";
import type { Booking, BookingId } from "@holdfast/domain";

/**
 * Returns the refunds by booking. Asks the ledger only for bookings that can have one. Returns none while Postgres cannot be reached: a
 * booking can be read without it.
 */
export async function findOwnRefunds(database: Database, bookings: readonly Booking[]): Promise<ReadonlyMap<BookingId, BookingRefund>> {
	const ids = bookings.filter(mayHaveRefund).map(({ id }) => id);
	try {
		return await findRefunds(database, ids);
	} catch (error) {
		if (isDatabaseUnavailable(error)) return new Map();
		throw error;
	}
}

/** Money is owed only for a booking that was confirmed and is so no longer. */
const mayHaveRefund = ({ state, confirmedAt }: Booking): boolean => confirmedAt !== null && (state === "CANCELLED" || state === "CONFLICT");
