/** Records in the ledger that the quarantine of a showtime has ended. */
import type { ShowtimeId } from "@holdfast/domain";
import { and, eq, inArray, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { buckets, showtimes } from "../schema/index.ts";
import { isOnOlderTimeline } from "./list-quarantined.ts";

/**
 * `ended`: the end is recorded, and the caller now opens the seats in the seat store. `not_quarantined`: nothing was changed. `locked`:
 * another transaction has locked the row of the showtime; nothing was changed, retry soon. `unknown`: the showtime does not exist.
 */
export type MarkQuarantineEndedOutcome =
	| { outcome: "ended" }
	| { outcome: "not_quarantined" }
	| { outcome: "locked" }
	| { outcome: "unknown" };

/**
 * Records the showtime as opened under the current timeline of its bucket. Safe to call twice: the second call returns `not_quarantined`.
 * Waits for no lock.
 */
export function markQuarantineEnded(database: Database, showtimeId: ShowtimeId): Promise<MarkQuarantineEndedOutcome> {
	return writeTo(database, "upkeep", async (queries) => {
		const isShowtime = eq(showtimes.id, showtimeId);
		const taken = queries.select({ id: showtimes.id }).from(showtimes).where(isShowtime).for("no key update", { skipLocked: true });
		const opened = await queries
			.update(showtimes)
			.set({ timeline: sql`${buckets.timeline}` })
			.from(buckets)
			.where(and(isShowtime, inArray(showtimes.id, taken), isOnOlderTimeline))
			.returning({ id: showtimes.id });
		if (opened.length > 0) return { outcome: "ended" };
		const [known] = await queries
			.select({ quarantinedBucket: buckets.bucket })
			.from(showtimes)
			.leftJoin(buckets, isOnOlderTimeline)
			.where(isShowtime);
		if (known === undefined) return { outcome: "unknown" };
		return { outcome: known.quarantinedBucket === null ? "not_quarantined" : "locked" };
	});
}
