/** Who owns the seats of a showtime, as the ledger has it. */
import type { BookingId, ShowtimeId, UserId } from "@holdfast/domain";
import { and, asc, count, eq, isNull } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { bookingSeats, bookings } from "../schema/index.ts";

export type SeatOwner = { readonly seat: number; readonly label: string; readonly bookingId: BookingId; readonly userId: UserId };

/** Every active seat of the showtime, by seat index. */
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

/** How many seats of the showtime are sold, as far as the ledger knows. */
export function countSoldSeats(database: Database, showtimeId: ShowtimeId): Promise<number> {
	return readFrom(database, "upkeep", async (queries) => {
		const active = and(eq(bookingSeats.showtimeId, showtimeId), isNull(bookingSeats.releasedAt));
		const [row] = await queries.select({ seats: count() }).from(bookingSeats).where(active);
		return row?.seats ?? 0;
	});
}
