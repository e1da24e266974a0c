/** A refund as staff see it: what is owed for which booking, and how it was paid. */
import { createHash } from "node:crypto";
import type { BookingId, MovieId, ShowtimeId, UserId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { and, eq, gt, inArray, sql } from "drizzle-orm";
import type { ReadQueries } from "../create-database.ts";
import { type BookingRefund, REFUND_STATUSES } from "../ledger/find-refunds.ts";
import { bookings, movies, type RefundState, refunds, showtimes } from "../schema/index.ts";

/** The status of a refund. */
export type RefundStatus = BookingRefund["status"];

/** The state of the row behind each status. A refund in any other state was withdrawn: nothing is owed. */
export const STATE_OF_STATUS = { due: "due", sent: "sent", refunded: "done", failed: "failed" } as const satisfies Record<
	RefundStatus,
	RefundState
>;

/** One refund. Instants are epoch ms, amounts minor units of `currency`. */
export type AdminRefund = BookingRefund & {
	/** Changes with every other field of the refund. */
	readonly version: string;
	readonly bookingId: BookingId;
	readonly userId: UserId;
	/** What the booking cost. */
	readonly bookingAmount: number;
	readonly showtime: {
		readonly id: ShowtimeId;
		readonly startsAt: number;
		readonly timeZone: string;
		readonly movie: { readonly id: MovieId; readonly title: string };
	};
	/** The user who marked it as paid by hand; null for every other refund. */
	readonly settledBy: UserId | null;
};

/**
 * The condition that a refund is to be listed: it is of an amount, it was not withdrawn, and a booking that lost a conflict has not got its
 * seats after all. Reads bookings of conflicts alone: a join of all of them took the totals 65 ms at 100,000 bookings
 * and 10,000 refunds, this takes 20 ms.
 */
export const isListed = and(
	inArray(refunds.state, Object.values(STATE_OF_STATUS)),
	gt(refunds.amount, 0),
	sql`case when ${refunds.reason} = 'conflict'
		then (select ${bookings.state} <> 'CONFIRMED' from ${bookings} where ${bookings.id} = ${refunds.bookingId}) else true end`,
);

/** Returns a query of refunds with booking, showtime and movie. The caller adds `where`, order and limit. */
export const selectRefunds = (queries: ReadQueries) =>
	queries
		.select({
			refund: refunds,
			userId: bookings.userId,
			bookingAmount: bookings.amount,
			startsAt: showtimes.startsAt,
			timeZone: showtimes.timeZone,
			movieId: movies.id,
			title: movies.title,
		})
		.from(refunds)
		.innerJoin(bookings, eq(bookings.id, refunds.bookingId))
		.innerJoin(showtimes, eq(showtimes.id, refunds.showtimeId))
		.innerJoin(movies, eq(movies.id, showtimes.movieId))
		.$dynamic();

type RefundRow = Awaited<ReturnType<typeof selectRefunds>>[number];

/** Maps a row that `isListed` accepts. Throws for another one. */
export function adminRefundOf({ refund, userId, bookingAmount, startsAt, timeZone, movieId, title }: RefundRow): AdminRefund {
	const { bookingId, showtimeId, amount, currency, percent, reason, settledBy, providerRef: reference } = refund;
	const status = REFUND_STATUSES.find((name) => STATE_OF_STATUS[name] === refund.state);
	assert(status !== undefined, `the refund of booking ${bookingId} was withdrawn`);
	const [dueAt, settledAt] = [refund.dueAt.getTime(), refund.doneAt?.getTime() ?? null];
	return {
		version: fingerprintOf([status, amount, currency, percent, reason, reference, dueAt, settledAt]),
		bookingId,
		userId,
		bookingAmount,
		showtime: { id: showtimeId, startsAt: startsAt.getTime(), timeZone, movie: { id: movieId, title } },
		status,
		amount,
		currency,
		percent,
		reason,
		reference,
		dueAt,
		settledAt,
		settledBy,
	};
}

/** Returns 16 hexadecimal digits that stand for these values: a version that no writer of the row can forget to raise. */
function fingerprintOf(values: readonly (string | number | null)[]): string {
	return createHash("sha256").update(JSON.stringify(values)).digest("hex").slice(0, 16);
}
