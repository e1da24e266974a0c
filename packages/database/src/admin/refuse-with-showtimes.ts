/** Counts the showtimes of an auditorium that have not started. */
import type { AuditoriumId } from "@holdfast/domain";
import { and, count, eq, gt, ne, sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { showtimes } from "../schema/index.ts";

/** Something cannot change or end while showtimes that are not cancelled are to come. */
export type HasShowtimes = { readonly outcome: "has_showtimes"; readonly count: number };

/**
 * Returns `has_showtimes` if showtimes of the auditorium are to come that are not cancelled, else null. Call it with the auditorium locked:
 * then no showtime is added before the end of the transaction.
 */
export async function refuseWithShowtimes(tx: Queries, auditoriumId: AuditoriumId): Promise<HasShowtimes | null> {
	const toCome = and(eq(showtimes.auditoriumId, auditoriumId), gt(showtimes.startsAt, sql`now()`), ne(showtimes.state, "cancelled"));
	const [row] = await tx.select({ count: count() }).from(showtimes).where(toCome);
	return row === undefined || row.count === 0 ? null : { outcome: "has_showtimes", count: row.count };
}
