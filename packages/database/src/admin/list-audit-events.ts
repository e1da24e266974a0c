/** Lists the audit trail, newest first. */
import type { AuditEventId, ShowtimeId, UserId } from "@holdfast/domain";
import { and, desc, eq, lt, type SQL } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import type { ReadQueries } from "../queries.ts";
import { readFrom } from "../run-queries.ts";
import { type AuditFields, type AuditTarget, auditEvents } from "../schema/index.ts";
import { writtenWithin } from "./written-within.ts";

/** One row of the audit trail. Instants are epoch ms. */
export type AuditEvent = {
	readonly id: AuditEventId;
	/** When the change was made. */
	readonly at: number;
	/** When the row was written. */
	readonly recordedAt: number;
	/** The user who gave the command; null for a command of an operator on the command line. */
	readonly actor: UserId | null;
	readonly action: string;
	readonly target: { readonly type: AuditTarget; readonly id: string };
	readonly showtimeId: ShowtimeId | null;
	/** The changed fields before and after the change. */
	readonly before: AuditFields | null;
	readonly after: AuditFields | null;
	readonly reason: string | null;
	readonly requestId: string | null;
};

/** Which rows, all conditions together. `fromMs` (included) and `toMs` (excluded) bound `recordedAt`. `beforeId`: only older rows. */
export type ListAuditEventsRequest = {
	readonly limit: number;
	readonly beforeId?: AuditEventId | undefined;
	readonly actor?: UserId | undefined;
	readonly action?: string | undefined;
	readonly targetType?: AuditTarget | undefined;
	readonly targetId?: string | undefined;
	readonly showtimeId?: ShowtimeId | undefined;
	readonly fromMs?: number | undefined;
	readonly toMs?: number | undefined;
};

/**
 * Returns up to `limit` rows, newest first, and whether there are older ones. Pages by keyset on the id, so pages stay consistent while
 * rows are added. Throws if Postgres is unreachable; changes nothing.
 */
export async function listAuditEvents(
	database: Database,
	{ limit, ...request }: ListAuditEventsRequest,
): Promise<{ items: AuditEvent[]; hasMore: boolean }> {
	const rows = await readFrom(database, "administration", (queries) => selectAuditEvents(queries, { ...request, limit: limit + 1 }));
	return { items: rows.slice(0, limit).map(auditEventOf), hasMore: rows.length > limit };
}

/** Returns the query of `limit` rows. */
export const selectAuditEvents = (queries: ReadQueries, { limit, ...request }: ListAuditEventsRequest) =>
	queries
		.select()
		.from(auditEvents)
		.where(and(...conditionsOf(request)))
		.orderBy(desc(auditEvents.id))
		.limit(limit);

function conditionsOf(request: Omit<ListAuditEventsRequest, "limit">): SQL[] {
	const { beforeId, actor, action, targetType, targetId, showtimeId, fromMs, toMs } = request;
	const conditions: SQL[] = [];
	if (beforeId !== undefined) conditions.push(lt(auditEvents.id, beforeId));
	if (actor !== undefined) conditions.push(eq(auditEvents.actor, actor));
	if (action !== undefined) conditions.push(eq(auditEvents.action, action));
	if (targetType !== undefined) conditions.push(eq(auditEvents.targetType, targetType));
	if (targetId !== undefined) conditions.push(eq(auditEvents.targetId, targetId));
	if (showtimeId !== undefined) conditions.push(eq(auditEvents.showtimeId, showtimeId));
	conditions.push(...writtenWithin({ id: auditEvents.id, writtenAt: auditEvents.recordedAt }, { fromMs, toMs }));
	return conditions;
}

function auditEventOf(row: typeof auditEvents.$inferSelect): AuditEvent {
	const { at, recordedAt, targetType, targetId, ...rest } = row;
	return { ...rest, at: at.getTime(), recordedAt: recordedAt.getTime(), target: { type: targetType, id: targetId } };
}
