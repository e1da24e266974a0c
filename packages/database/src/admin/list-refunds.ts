/** Lists what is owed to buyers and what was paid back, newest first, with totals. */
import { type BookingId, type MovieId, parseBookingId, type ShowtimeId, type UserId } from "@holdfast/domain";
import { and, asc, desc, eq, gte, lt, type SQL, sql } from "drizzle-orm";
import type { Database, ReadQueries } from "../create-database.ts";
import { isInstantKey, type Page, type PageRequest, type Position, pageOf, parseCursor } from "../read-page.ts";
import { readFrom } from "../run-queries.ts";
import { bookings, type RefundReason, refunds, showtimes } from "../schema/index.ts";
import { type AdminRefund, adminRefundOf, isListed, type RefundStatus, STATE_OF_STATUS, selectRefunds } from "./admin-refund.ts";
import { STAFF_DEADLINE_MS } from "./staff-deadline.ts";
import type { Period } from "./written-within.ts";

/** Which refunds, all conditions together. The period bounds the instant that `periodOf` names. */
export type RefundFilters = Period & {
	/** `due`: when it became due; `settled`: when it was paid back, so that only refunds that were have a place in the period. */
	readonly periodOf: "due" | "settled";
	readonly status?: RefundStatus | undefined;
	readonly reason?: RefundReason | undefined;
	readonly currency?: string | undefined;
	readonly showtimeId?: ShowtimeId | undefined;
	readonly movieId?: MovieId | undefined;
	readonly userId?: UserId | undefined;
};

/** A number of refunds and their amounts together, in minor units. */
export type RefundSum = { readonly refunds: number; readonly amount: number };

/** What is owed and what was paid back for one reason in one currency. Amounts of several currencies are never added up. */
export type RefundTotal = {
	readonly currency: string;
	readonly reason: RefundReason;
	/** Not paid back yet: due, on its way, or failed. */
	readonly owed: RefundSum;
	/** Paid back. */
	readonly settled: RefundSum;
};

/** `totals`: of all refunds that the filters select, not only of those on the page; by currency and reason. */
export type RefundPage = Page<AdminRefund> & { readonly totals: readonly RefundTotal[] };

/**
 * Returns a page of refunds, newest first, with totals, or `bad_cursor`. Pages by keyset on the time and the booking, so pages stay consistent
 * while refunds are added. Changes nothing.
 */
export async function listRefunds(
	database: Database,
	{ limit, cursor, ...filters }: PageRequest & RefundFilters,
): Promise<RefundPage | { readonly outcome: "bad_cursor" }> {
	const before = cursor === undefined ? undefined : parseCursor(cursor, (text) => parseBookingId(text), isInstantKey);
	if (before === null) return { outcome: "bad_cursor" };
	const read = async (queries: ReadQueries): Promise<RefundPage> => {
		const rows = await selectRefundPage(queries, filters, { limit: limit + 1, before });
		const page = pageOf(rows.map(adminRefundOf), limit, ({ dueAt, bookingId }) => ({ key: String(dueAt), id: bookingId }));
		return { ...page, totals: (await selectRefundTotals(queries, filters)).map(totalOf) };
	};
	return readFrom(database, "administration", read, STAFF_DEADLINE_MS);
}

/** Returns the query of `limit` refunds, only those that became due before the refund at `before`. */
export function selectRefundPage(
	queries: ReadQueries,
	filters: RefundFilters,
	{ limit, before }: { readonly limit: number; readonly before?: Position<BookingId> | undefined },
) {
	const conditions = conditionsOf(filters);
	if (before !== undefined) {
		const dueAt = new Date(Number(before.key)).toISOString();
		conditions.push(sql`(${refunds.dueAt}, ${refunds.bookingId}) < (${dueAt}::timestamptz, ${before.id}::uuid)`);
	}
	return selectRefunds(queries)
		.where(and(isListed, ...conditions))
		.orderBy(desc(refunds.dueAt), desc(refunds.bookingId))
		.limit(limit);
}

const isSettled = sql`${refunds.state} = ${STATE_OF_STATUS.refunded}`;
const amountWhere = (condition: SQL) => sql<string>`coalesce(sum(${refunds.amount}) filter (where ${condition}), 0)`;
const countWhere = (condition: SQL) => sql<number>`(count(*) filter (where ${condition}))::int`;

/** Returns the query of the totals. */
export const selectRefundTotals = (queries: ReadQueries, filters: RefundFilters) =>
	queries
		.select({
			currency: refunds.currency,
			reason: refunds.reason,
			owedRefunds: countWhere(sql`not ${isSettled}`),
			owedAmount: amountWhere(sql`not ${isSettled}`),
			settledRefunds: countWhere(isSettled),
			settledAmount: amountWhere(isSettled),
		})
		.from(refunds)
		.where(and(isListed, ...conditionsOf(filters)))
		.groupBy(refunds.currency, refunds.reason)
		.orderBy(asc(refunds.currency), asc(refunds.reason));

const totalOf = ({ currency, reason, ...sums }: Awaited<ReturnType<typeof selectRefundTotals>>[number]): RefundTotal => ({
	currency,
	reason,
	owed: { refunds: sums.owedRefunds, amount: Number(sums.owedAmount) },
	settled: { refunds: sums.settledRefunds, amount: Number(sums.settledAmount) },
});

/** Conditions on the rows of `refunds` alone, so that the totals need no join. */
function conditionsOf({ status, reason, currency, showtimeId, movieId, userId, periodOf, fromMs, toMs }: RefundFilters): SQL[] {
	const conditions: SQL[] = [];
	const at = periodOf === "due" ? refunds.dueAt : refunds.doneAt;
	if (status !== undefined) conditions.push(eq(refunds.state, STATE_OF_STATUS[status]));
	if (reason !== undefined) conditions.push(eq(refunds.reason, reason));
	if (currency !== undefined) conditions.push(eq(refunds.currency, currency));
	if (showtimeId !== undefined) conditions.push(eq(refunds.showtimeId, showtimeId));
	if (movieId !== undefined)
		conditions.push(sql`${refunds.showtimeId} in (select ${showtimes.id} from ${showtimes} where ${showtimes.movieId} = ${movieId})`);
	if (userId !== undefined)
		conditions.push(sql`${refunds.bookingId} in (select ${bookings.id} from ${bookings} where ${bookings.userId} = ${userId})`);
	if (fromMs !== undefined) conditions.push(gte(at, new Date(fromMs)));
	if (toMs !== undefined) conditions.push(lt(at, new Date(toMs)));
	return conditions;
}
