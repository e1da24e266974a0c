/** Writes the audit trail: one row per command that changed something, and target. */
import type { AuditoriumId, MovieId, SeatPlanId, ShowtimeId, StaffCommand, UserId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { type AuditFields, type AuditTarget, auditEvents } from "../schema/index.ts";

/** What a command did to one target. */
export type AuditRecord = {
	/** What was done: `movie.updated`. */
	readonly action: string;
	readonly target: { readonly type: AuditTarget; readonly id: MovieId | AuditoriumId | SeatPlanId | ShowtimeId | UserId | string };
	/** The showtime that the change is about, if any. */
	readonly showtimeId?: ShowtimeId;
	/** The changed fields before the change; null for a new thing. */
	readonly before: AuditFields | null;
	/** The same fields after the change. */
	readonly after: AuditFields | null;
};

/** Adds the rows to the trail. Call it in the transaction that makes the change: then the row exists exactly if the change does. */
export async function recordAudit(tx: Queries, { actor, requestId, reason }: StaffCommand, records: readonly AuditRecord[]): Promise<void> {
	if (records.length === 0) return;
	await tx.insert(auditEvents).values(
		records.map(({ action, target, showtimeId, before, after }) => ({
			at: sql`now()`,
			actor,
			action,
			targetType: target.type,
			targetId: target.id,
			showtimeId: showtimeId ?? null,
			before,
			after,
			reason,
			requestId,
		})),
	);
}
