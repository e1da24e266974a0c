/** One booking of the ledger. Holds that were never confirmed are not in it. */
import type { BookingId } from "@holdfast/domain";
import { eq } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { bookings } from "../schema/index.ts";
import { addSeats, type LedgerBooking, selectBookings } from "./ledger-booking.ts";

/** The booking at its highest settled version, or null. Whose it is, the caller judges. */
export function findBooking(database: Database, id: BookingId): Promise<LedgerBooking | null> {
	return database.run("bookings", async (queries) => {
		const rows = await selectBookings(queries).where(eq(bookings.id, id));
		const [found] = await addSeats(queries, rows);
		return found ?? null;
	});
}
