/** Lists what buyers must learn, newest first. */
import type { BookingId, NoticeId, ShowtimeId, UserId } from "@holdfast/domain";
import { and, desc, eq, lt, type SQL } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import type { ReadQueries } from "../queries.ts";
import { readFrom } from "../run-queries.ts";
import { type NoticeKind, notices } from "../schema/index.ts";
import { type Period, writtenWithin } from "./written-within.ts";

/** One notice. */
export type Notice = {
	readonly id: NoticeId;
	readonly kind: NoticeKind;
	readonly bookingId: BookingId | null;
	readonly showtimeId: ShowtimeId | null;
	/** Whom to inform. */
	readonly userId: UserId | null;
	/** The version that the notice is about: the schedule's of a move, the booking's of a cancel. */
	readonly version: number | null;
	/** What happened. Of a move `from` and `to`, each with `startsAt` and `endsAt` in epoch ms. Of a cancel its `reason`. */
	readonly details: Readonly<Record<string, unknown>>;
	/** When it was written, epoch ms. */
	readonly createdAt: number;
};

/** Which notices, all conditions together. The period bounds `createdAt`. `beforeId`: only older ones. */
export type ListNoticesRequest = Period & {
	readonly limit: number;
	readonly beforeId?: NoticeId | undefined;
	readonly kind?: NoticeKind | undefined;
	readonly bookingId?: BookingId | undefined;
	readonly showtimeId?: ShowtimeId | undefined;
};

/**
 * Returns up to `limit` notices, newest first, and whether there are older ones. Pages by keyset on the id, so pages stay consistent while
 * notices are added. Throws if Postgres is unreachable; changes nothing.
 */
export async function listNotices(
	database: Database,
	{ limit, ...request }: ListNoticesRequest,
): Promise<{ items: Notice[]; hasMore: boolean }> {
	const rows = await readFrom(database, "administration", (queries) => selectNotices(queries, { ...request, limit: limit + 1 }));
	return { items: rows.slice(0, limit).map((row) => ({ ...row, createdAt: row.createdAt.getTime() })), hasMore: rows.length > limit };
}

/** Returns the query of `limit` notices. */
export const selectNotices = (queries: ReadQueries, { limit, ...request }: ListNoticesRequest) =>
	queries
		.select()
		.from(notices)
		.where(and(...conditionsOf(request)))
		.orderBy(desc(notices.id))
		.limit(limit);

function conditionsOf({ beforeId, kind, bookingId, showtimeId, ...period }: Omit<ListNoticesRequest, "limit">): SQL[] {
	const conditions = writtenWithin({ id: notices.id, writtenAt: notices.createdAt }, period);
	if (beforeId !== undefined) conditions.push(lt(notices.id, beforeId));
	if (kind !== undefined) conditions.push(eq(notices.kind, kind));
	if (bookingId !== undefined) conditions.push(eq(notices.bookingId, bookingId));
	if (showtimeId !== undefined) conditions.push(eq(notices.showtimeId, showtimeId));
	return conditions;
}
