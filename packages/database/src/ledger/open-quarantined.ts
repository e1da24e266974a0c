/** A person's word that a quarantined showtime may be sold again. */
import type { ShowtimeId } from "@holdfast/domain";
import { and, eq, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { buckets, showtimes } from "../schema/index.ts";
import { isBehind } from "./list-quarantined.ts";

/** `opened`: the ledger says so now; the seat store is still to be told. */
export type OpenQuarantinedOutcome = { outcome: "opened" } | { outcome: "not_quarantined" } | { outcome: "unknown" };

/** Note the showtime as opened under its bucket's line. Safe to call twice: the second time it is `not_quarantined`. */
export function openQuarantined(database: Database, showtimeId: ShowtimeId): Promise<OpenQuarantinedOutcome> {
	return database.run("upkeep", async (queries) => {
		const opened = await queries
			.update(showtimes)
			.set({ line: sql`${buckets.line}` })
			.from(buckets)
			.where(and(eq(showtimes.id, showtimeId), isBehind))
			.returning({ id: showtimes.id });
		if (opened.length > 0) return { outcome: "opened" };
		const [known] = await queries.select({ id: showtimes.id }).from(showtimes).where(eq(showtimes.id, showtimeId));
		return known === undefined ? { outcome: "unknown" } : { outcome: "not_quarantined" };
	});
}
