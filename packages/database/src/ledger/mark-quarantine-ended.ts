/** Records in the ledger that the quarantine of a showtime has ended. */
import type { ShowtimeId } from "@holdfast/domain";
import { and, eq, inArray, sql } from "drizzle-orm";
import { type AuditOrigin, recordAudit } from "../admin/record-audit.ts";
import type { Database, Queries } from "../create-database.ts";
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
 * Records the showtime as opened under the current timeline of its bucket, and who decided so in the audit trail, all or nothing. `origin` is
 * null, and there is no audit row, when the time of the quarantine is over. Safe to call twice: the second call returns `not_quarantined`.
 * Waits for no lock.
 */
export function markQuarantineEnded(
	database: Database,
	showtimeId: ShowtimeId,
	origin: AuditOrigin | null,
): Promise<MarkQuarantineEndedOutcome> {
	return writeTo(database, "administration", (queries) =>
		queries.transaction(async (tx) => {
			const outcome = await markEnded(tx, showtimeId);
			if (outcome === "ended" && origin !== null) {
				const change = { before: { quarantined: true }, after: { quarantined: false } };
				const target = { type: "showtime", id: showtimeId } as const;
				await recordAudit(tx, origin, [{ action: "showtime.quarantine_ended", target, showtimeId, ...change }]);
			}
			return { outcome };
		}),
	);
}

async function markEnded(tx: Queries, showtimeId: ShowtimeId): Promise<MarkQuarantineEndedOutcome["outcome"]> {
	const isShowtime = eq(showtimes.id, showtimeId);
	const taken = tx.select({ id: showtimes.id }).from(showtimes).where(isShowtime).for("no key update", { skipLocked: true });
	const opened = await tx
		.update(showtimes)
		.set({ timeline: sql`${buckets.timeline}` })
		.from(buckets)
		.where(and(isShowtime, inArray(showtimes.id, taken), isOnOlderTimeline))
		.returning({ id: showtimes.id });
	if (opened.length > 0) return "ended";
	const [known] = await tx
		.select({ quarantinedBucket: buckets.bucket })
		.from(showtimes)
		.leftJoin(buckets, isOnOlderTimeline)
		.where(isShowtime);
	if (known === undefined) return "unknown";
	return known.quarantinedBucket === null ? "not_quarantined" : "locked";
}
