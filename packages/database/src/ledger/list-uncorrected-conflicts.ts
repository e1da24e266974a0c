/**
 * Lists conflicts that are not corrected in the seat store yet: the seat store still shows the losing booking as the owner of seats that
 * belong to another booking in the ledger.
 */
import type { BookingId, Conflict, UserId } from "@holdfast/domain";
import { and, asc, eq, gt, inArray, isNull, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Database, ReadQueries } from "../create-database.ts";
import { readFrom, writeTo } from "../run-queries.ts";
import { bookingSeats, bookings, refunds, showtimes } from "../schema/index.ts";

/**
 * Excludes showtimes that ended more than a day ago. The seat store has closed them permanently (docs/data.md), so there is nothing to
 * correct, and each attempt would rebuild the showtime again.
 */
export const isKept = gt(showtimes.endsAt, sql`now() - interval '1 day'`);

/** Returns the uncorrected conflicts with the current owner of each seat, the oldest first, at most `limit`. */
export function listUncorrectedConflicts(database: Database, { limit }: { readonly limit: number }): Promise<Conflict[]> {
	return readFrom(database, "upkeep", async (queries) => {
		const conflicts = await queries
			.select({ bookingId: bookings.id, showtimeId: bookings.showtimeId, userId: bookings.userId, version: bookings.version })
			.from(refunds)
			.innerJoin(bookings, eq(bookings.id, refunds.bookingId))
			.innerJoin(showtimes, eq(showtimes.id, bookings.showtimeId))
			.where(and(isNull(refunds.storeCorrectedAt), eq(refunds.reason, "conflict"), eq(bookings.state, "CONFLICT"), isKept))
			.orderBy(asc(refunds.dueAt), asc(refunds.bookingId))
			.limit(limit);
		const seats = await readSeats(
			queries,
			conflicts.map(({ bookingId }) => bookingId),
		);
		return conflicts.map((conflict) => {
			const own = seats.get(conflict.bookingId) ?? [];
			const owners = own.flatMap(({ seat, owner, userId }) => (owner && userId ? [{ seat, bookingId: owner, userId }] : []));
			return { ...conflict, seats: own.map(({ seat }) => seat), owners };
		});
	});
}

/**
 * Records that the seat store was corrected. Returns false when that was recorded before, and when another transaction has locked the row:
 * the conflict is then listed again. Waits for no lock. Safe to call twice.
 */
export async function markConflictCorrected(database: Database, bookingId: BookingId): Promise<boolean> {
	const marked = await writeTo(database, "upkeep", (queries) => {
		const isUncorrected = and(eq(refunds.bookingId, bookingId), eq(refunds.reason, "conflict"), isNull(refunds.storeCorrectedAt));
		const taken = queries.select({ id: refunds.bookingId }).from(refunds).where(isUncorrected).for("no key update", { skipLocked: true });
		return queries
			.update(refunds)
			.set({ storeCorrectedAt: sql`now()` })
			.where(and(isUncorrected, inArray(refunds.bookingId, taken)))
			.returning({ id: refunds.bookingId });
	});
	return marked.length > 0;
}

type SeatRow = { readonly loser: BookingId; readonly seat: number; readonly owner: BookingId | null; readonly userId: UserId | null };

async function readSeats(queries: ReadQueries, ids: readonly BookingId[]): Promise<Map<BookingId, SeatRow[]>> {
	if (ids.length === 0) return new Map();
	const owned = alias(bookingSeats, "owned");
	const isOwned = and(eq(owned.showtimeId, bookingSeats.showtimeId), eq(owned.seat, bookingSeats.seat), isNull(owned.releasedAt));
	const rows = await queries
		.select({ loser: bookingSeats.bookingId, seat: bookingSeats.seat, owner: owned.bookingId, userId: bookings.userId })
		.from(bookingSeats)
		.leftJoin(owned, isOwned)
		.leftJoin(bookings, eq(bookings.id, owned.bookingId))
		.where(inArray(bookingSeats.bookingId, [...ids]))
		.orderBy(asc(bookingSeats.seat));
	return Map.groupBy(rows, ({ loser }) => loser);
}
