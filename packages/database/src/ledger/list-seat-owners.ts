/** Reads the owners of the seats of a showtime from the ledger. */
import type { BookingId, ShowtimeId, UserId } from "@holdfast/domain";
import { and, asc, count, eq, isNull } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { bookingSeats, bookings } from "../schema/index.ts";

/** A sold seat and its owner. `seat` is the seat index, `label` the seat label. */
export type SeatOwner = { readonly seat: number; readonly label: string; readonly bookingId: BookingId; readonly userId: UserId };

/** Returns every sold seat of the showtime, by seat index. */
export function seatOwners(database: Database, showtimeId: ShowtimeId): Promise<SeatOwner[]> {
	return readFrom(database, "upkeep", (queries) =>
		queries
			.select({ seat: bookingSeats.seat, label: bookingSeats.label, bookingId: bookingSeats.bookingId, userId: bookings.userId })
			.from(bookingSeats)
			.innerJoin(bookings, eq(bookings.id, bookingSeats.bookingId))
			.where(and(eq(bookingSeats.showtimeId, showtimeId), isNull(bookingSeats.releasedAt)))
			.orderBy(asc(bookingSeats.seat)),
	);
}

/** Returns the number of sold seats of the showtime in the ledger. Sales that are not settled yet are missing. */
export function countSoldSeats(database: Database, showtimeId: ShowtimeId): Promise<number> {
	return readFrom(database, "upkeep", async (queries) => {
		const active = and(eq(bookingSeats.showtimeId, showtimeId), isNull(bookingSeats.releasedAt));
		const [row] = await queries.select({ seats: count() }).from(bookingSeats).where(active);
		return row?.seats ?? 0;
	});
}
