/** Lists the audit trail, newest first. */
import type { AuditEventId, ShowtimeId, UserId } from "@holdfast/domain";
import { and, desc, eq, gte, lt, type SQL, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import type { ReadQueries } from "../queries.ts";
import { readFrom } from "../run-queries.ts";
import { type AuditFields, type AuditTarget, auditEvents } from "../schema/index.ts";
import { firstIdAt } from "./first-id-at.ts";

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
 * The id of a row carries the time of its insert, and `recorded_at` is the start of its transaction. The two differ by less than this, also
 * when the clock of the server is corrected in between.
 */
const ID_OFFSET_MAX_MS = 3_600_000;

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
	// The bounds of the ids make Postgres begin at the right place of the index that also gives the order.
	if (fromMs !== undefined)
		conditions.push(gte(auditEvents.recordedAt, new Date(fromMs)), sql`${auditEvents.id} >= ${firstIdAt(fromMs - ID_OFFSET_MAX_MS)}`);
	if (toMs !== undefined)
		conditions.push(lt(auditEvents.recordedAt, new Date(toMs)), sql`${auditEvents.id} < ${firstIdAt(toMs + ID_OFFSET_MAX_MS)}`);
	return conditions;
}

function auditEventOf(row: typeof auditEvents.$inferSelect): AuditEvent {
	const { at, recordedAt, targetType, targetId, ...rest } = row;
	return { ...rest, at: at.getTime(), recordedAt: recordedAt.getTime(), target: { type: targetType, id: targetId } };
}
