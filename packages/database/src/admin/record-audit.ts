/** Writes the audit trail: one row per command that changed something, and target. */
import type { AuditoriumId, MovieId, SeatPlanId, ShowtimeId, UserId } from "@holdfast/domain";
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

/** Who gave a command: a `StaffCommand`, or null for a command that an operator ran on the command line. */
export type AuditOrigin = {
	readonly actor: UserId | null;
	readonly requestId: string | null;
	readonly reason: string | null;
};

/** The origin of commands that an operator runs on the command line. */
export const OPERATOR: AuditOrigin = { actor: null, requestId: null, reason: null };

/** Adds the rows to the trail. Call it in the transaction that makes the change: then the row exists exactly if the change does. */
export async function recordAudit(tx: Queries, { actor, requestId, reason }: AuditOrigin, records: readonly AuditRecord[]): Promise<void> {
	if (records.length === 0) return;
	await tx.insert(auditEvents).values(
		records.map(({ action, target, showtimeId, before, after }) => ({
			at: sql`now()`,
			// The time of the insert, not of BEGIN: once the writers of a day have ended, no row of that day can appear.
			recordedAt: sql`clock_timestamp()`,
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
