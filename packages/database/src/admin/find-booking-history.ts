/** Reads what the ledger knows about the past of one booking: its events, its notices, the moves of its showtime, and its audit rows. */
import type { Booking, BookingId, UserId } from "@holdfast/domain";
import { and, desc, eq, gt, inArray, or } from "drizzle-orm";
import type { Database, ReadQueries } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { type AuditFields, auditEvents, bookingEvents, type NoticeKind, notices, showtimeEvents } from "../schema/index.ts";

/** The newest entries that are read of each kind. A booking has a handful. */
export const HISTORY_PER_KIND_MAX = 200;

/** One thing that happened, epoch ms. `version`: of the booking; null where it is not about one. */
export type PastEvent = {
	readonly at: number;
	/** `booking.confirmed`, `showtime.rescheduled`, or the action of an audit row. */
	readonly type: string;
	readonly version: number | null;
	/** The user of staff who did it; null: the buyer, the system, or an operator on the command line. */
	readonly actor: UserId | null;
	readonly reason: string | null;
	readonly requestId: string | null;
	/** The changed fields before and after; null where the ledger has none. */
	readonly before: AuditFields | null;
	readonly after: AuditFields | null;
};

/** A notice to the buyer. `version`: the schedule's or the booking's. `createdAt` is in epoch ms. */
export type BookingNotice = {
	readonly id: string;
	readonly kind: NoticeKind;
	readonly version: number | null;
	readonly details: Readonly<Record<string, unknown>>;
	readonly createdAt: number;
};

/** The past of a booking. `events` are in order of time. */
export type BookingHistory = { readonly events: readonly PastEvent[]; readonly notices: readonly BookingNotice[] };

/** Events of a showtime that concern the bookings of it. */
const SHOWTIME_EVENTS = ["showtime.rescheduled", "showtime.cancelled"] as const;

/** Returns the history of a booking, as far as it is settled. A hold, which the ledger does not have, can have moves. */
export async function findBookingHistory(
	database: Database,
	booking: Pick<Booking, "id" | "showtimeId" | "scheduleVersion">,
): Promise<BookingHistory> {
	const { own, audited, shown, sent } = await readFrom(database, "administration", async (queries) => {
		const [ownRows, auditRows, showtimeRows, noticeRows] = await Promise.all([
			selectOwnEvents(queries, booking.id),
			selectAuditRows(queries, booking.id),
			selectShowtimeEvents(queries, booking),
			selectNotices(queries, booking.id),
		]);
		return { own: ownRows, audited: auditRows, shown: showtimeRows, sent: noticeRows };
	});
	const events = mergeAudited([...own.map(eventOf), ...shown.map(showtimeEventOf)], audited.map(auditedEventOf));
	return { events: events.toSorted(byTime), notices: sent.map((row) => ({ ...row, createdAt: row.createdAt.getTime() })) };
}

const byTime = (a: PastEvent, b: PastEvent): number => a.at - b.at || (a.version ?? 0) - (b.version ?? 0);

/** An audit row of the same change as an event is not listed again: it says who made it, and why. */
function mergeAudited(events: readonly PastEvent[], audited: readonly PastEvent[]): PastEvent[] {
	const left = [...audited];
	const merged = events.map((event) => {
		const index = left.findIndex(({ type, at }) => type === event.type && at === event.at);
		const [row] = index === -1 ? [] : left.splice(index, 1);
		return row === undefined ? event : { ...row, version: event.version };
	});
	return [...merged, ...left];
}

const selectOwnEvents = (queries: ReadQueries, id: BookingId) =>
	queries
		.select({ at: bookingEvents.at, type: bookingEvents.type, version: bookingEvents.version })
		.from(bookingEvents)
		.where(eq(bookingEvents.bookingId, id))
		.orderBy(desc(bookingEvents.version))
		.limit(HISTORY_PER_KIND_MAX);

const selectAuditRows = (queries: ReadQueries, id: BookingId) =>
	queries.select().from(auditEvents).where(eq(auditEvents.targetId, id)).orderBy(desc(auditEvents.id)).limit(HISTORY_PER_KIND_MAX);

const selectShowtimeEvents = (queries: ReadQueries, { showtimeId, scheduleVersion }: Pick<Booking, "showtimeId" | "scheduleVersion">) =>
	queries
		.select({ at: showtimeEvents.at, type: showtimeEvents.type, payload: showtimeEvents.payload })
		.from(showtimeEvents)
		.where(
			and(
				eq(showtimeEvents.showtimeId, showtimeId),
				inArray(showtimeEvents.type, [...SHOWTIME_EVENTS]),
				or(eq(showtimeEvents.type, "showtime.cancelled"), gt(showtimeEvents.scheduleVersion, scheduleVersion)),
			),
		)
		.orderBy(desc(showtimeEvents.showtimeVersion), desc(showtimeEvents.scheduleVersion))
		.limit(HISTORY_PER_KIND_MAX);

const selectNotices = (queries: ReadQueries, id: BookingId) =>
	queries
		.select({ id: notices.id, kind: notices.kind, version: notices.version, details: notices.details, createdAt: notices.createdAt })
		.from(notices)
		.where(eq(notices.bookingId, id))
		.orderBy(notices.createdAt, notices.id)
		.limit(HISTORY_PER_KIND_MAX);

const NOT_AUDITED = { actor: null, reason: null, requestId: null, before: null, after: null };

const eventOf = ({ at, type, version }: { at: Date; type: string; version: number }): PastEvent => ({
	...NOT_AUDITED,
	at: at.getTime(),
	type,
	version,
});

const auditedEventOf = (row: typeof auditEvents.$inferSelect): PastEvent => ({
	at: row.at.getTime(),
	type: row.action,
	version: null,
	actor: row.actor,
	reason: row.reason,
	requestId: row.requestId,
	before: row.before,
	after: row.after,
});

/** The payload is the event of the domain, with the command of staff and, of a move, the schedule before it. */
function showtimeEventOf({ at, type, payload }: { at: Date; type: string; payload: Readonly<Record<string, unknown>> }): PastEvent {
	const { command, movedFrom, startsAt, endsAt } = Object(payload);
	const { actor = null, reason = null, requestId = null } = Object(command);
	const isMove = type === "showtime.rescheduled" && movedFrom !== null && movedFrom !== undefined;
	return {
		...NOT_AUDITED,
		at: at.getTime(),
		type,
		version: null,
		actor,
		reason,
		requestId,
		before: isMove ? scheduleOf(movedFrom) : null,
		after: isMove ? scheduleOf({ startsAt, endsAt }) : null,
	};
}

const scheduleOf = ({ startsAt, endsAt }: { readonly startsAt: number; readonly endsAt: number }): AuditFields => ({
	startsAt: new Date(startsAt).toISOString(),
	endsAt: new Date(endsAt).toISOString(),
});
