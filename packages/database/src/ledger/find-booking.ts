/** Reads one booking of the ledger. Holds that were never confirmed are not in the ledger. */
import type { BookingId } from "@holdfast/domain";
import { eq } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { bookings } from "../schema/index.ts";
import { addSeats, type LedgerBooking, selectBookings } from "./ledger-booking.ts";

/**
 * Returns the booking at its highest settled version; null when the ledger does not have it. The caller must check whose booking it is.
 * Throws when the row cannot be read as a booking.
 */
export function findBooking(database: Database, id: BookingId): Promise<LedgerBooking | null> {
	return readFrom(database, "bookings", async (queries) => {
		const rows = await selectBookings(queries).where(eq(bookings.id, id));
		const { bookings: found, unreadable } = await addSeats(queries, rows);
		if (unreadable[0] !== undefined) throw unreadable[0].error;
		return found[0] ?? null;
	});
}
