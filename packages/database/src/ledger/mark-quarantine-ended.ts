/** Record in the ledger that the quarantine of a showtime has ended. */
import type { ShowtimeId } from "@holdfast/domain";
import { and, eq, inArray, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { buckets, showtimes } from "../schema/index.ts";
import { isBehind } from "./list-quarantined.ts";

/**
 * `ended`: the ledger has recorded it; the caller opens the seats in the seat store. `locked`: another transaction has locked the
 * showtime's row; nothing was done, try again soon.
 */
export type MarkQuarantineEndedOutcome =
	| { outcome: "ended" }
	| { outcome: "not_quarantined" }
	| { outcome: "locked" }
	| { outcome: "unknown" };

/** Records the showtime as opened under its bucket's timeline. Safe to call twice: the second time it is `not_quarantined`. Waits for no lock. */
export function markQuarantineEnded(database: Database, showtimeId: ShowtimeId): Promise<MarkQuarantineEndedOutcome> {
	return writeTo(database, "upkeep", async (queries) => {
		const isShowtime = eq(showtimes.id, showtimeId);
		const taken = queries.select({ id: showtimes.id }).from(showtimes).where(isShowtime).for("no key update", { skipLocked: true });
		const opened = await queries
			.update(showtimes)
			.set({ timeline: sql`${buckets.timeline}` })
			.from(buckets)
			.where(and(isShowtime, inArray(showtimes.id, taken), isBehind))
			.returning({ id: showtimes.id });
		if (opened.length > 0) return { outcome: "ended" };
		const [known] = await queries.select({ behind: buckets.bucket }).from(showtimes).leftJoin(buckets, isBehind).where(isShowtime);
		if (known === undefined) return { outcome: "unknown" };
		return { outcome: known.behind === null ? "not_quarantined" : "locked" };
	});
}
