/** Lists the showtimes that clients will soon request, so that they can be opened in the seat store ahead of time. */
import type { ShowtimeId } from "@holdfast/domain";
import { and, asc, gt, lte, ne, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { showtimes } from "../schema/index.ts";

/** A running or upcoming showtime. `startsAt` is epoch ms. `epoch` counts how often the showtime was opened; 0 for never. */
export type UpcomingShowtime = { readonly id: ShowtimeId; readonly startsAt: number; readonly epoch: number };

/**
 * Returns the showtimes that are running or start within `withinMs`, by the Postgres clock, except cancelled ones. The earliest first, at
 * most `limit`. Includes closed showtimes, because holds of them may still be confirmed.
 */
export function listUpcomingShowtimes(
	database: Database,
	{ withinMs, limit }: { readonly withinMs: number; readonly limit: number },
): Promise<UpcomingShowtime[]> {
	const isSoon = lte(showtimes.startsAt, sql`now() + ${withinMs}::float8 * interval '1 millisecond'`);
	const isNotOver = and(gt(showtimes.endsAt, sql`now()`), ne(showtimes.state, "cancelled"));
	return readFrom(database, "upkeep", async (queries) => {
		const rows = await queries
			.select({ id: showtimes.id, startsAt: showtimes.startsAt, epoch: showtimes.redisEpoch })
			.from(showtimes)
			.where(and(isSoon, isNotOver))
			.orderBy(asc(showtimes.startsAt), asc(showtimes.id))
			.limit(limit);
		return rows.map((row) => ({ ...row, startsAt: row.startsAt.getTime() }));
	});
}
