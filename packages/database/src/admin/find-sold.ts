/** Reads what the ledger has sold of a showtime. */
import type { ShowtimeId } from "@holdfast/domain";
import { and, eq, isNull, sql } from "drizzle-orm";
import type { Database, ReadQueries } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { bookingSeats, bookings } from "../schema/index.ts";
import { STAFF_DEADLINE_MS } from "./staff-deadline.ts";

/** The confirmed bookings of a showtime that are settled. */
export type SoldInLedger = {
	readonly bookings: number;
	/** What they cost together, in minor units of the currency of the showtime. */
	readonly amount: number;
	/** The indexes of their seats, ascending. */
	readonly seats: readonly number[];
};

/** Returns what the ledger has sold. A sale of the last moments may be missing: it is settled some tenths of a second after the confirm. */
export async function findSold(database: Database, showtimeId: ShowtimeId): Promise<SoldInLedger> {
	const find = async (queries: ReadQueries): Promise<SoldInLedger> => {
		const [sums] = await queries
			.select({ bookings: sql<number>`count(*)::int`, amount: sql<string>`coalesce(sum(${bookings.amount}), 0)` })
			.from(bookings)
			.where(and(eq(bookings.showtimeId, showtimeId), eq(bookings.state, "CONFIRMED")));
		const seats = await queries
			.select({ seat: bookingSeats.seat })
			.from(bookingSeats)
			.where(and(eq(bookingSeats.showtimeId, showtimeId), isNull(bookingSeats.releasedAt)))
			.orderBy(bookingSeats.seat);
		return { bookings: sums?.bookings ?? 0, amount: Number(sums?.amount ?? 0), seats: seats.map(({ seat }) => seat) };
	};
	return readFrom(database, "administration", find, STAFF_DEADLINE_MS);
}
