/** Reads what is owed for bookings. */
import type { BookingId } from "@holdfast/domain";
import { and, gt, inArray, ne, type SQL } from "drizzle-orm";
import type { Database, ReadQueries } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { REFUND_STATES, type RefundReason, type RefundState, refunds } from "../schema/index.ts";

/** A refund as the customer sees it. `amount` is in minor units of `currency`, and `percent` of the amount of the booking. */
export type BookingRefund = {
	readonly status: (typeof REFUND_STATUSES)[number];
	readonly amount: number;
	readonly currency: string;
	readonly percent: number;
	readonly reason: RefundReason;
	/** When it became due and when it was paid back, epoch ms; null: not paid back. */
	readonly dueAt: number;
	readonly settledAt: number | null;
	/** What the provider of payments calls it, or the reference of a refund that was paid by hand; null: none. */
	readonly reference: string | null;
};

/** Every status of a refund, as a customer sees it. */
export const REFUND_STATUSES = ["due", "sent", "refunded", "failed"] as const;

const STATUS_OF: Record<Exclude<RefundState, "not_owed">, BookingRefund["status"]> = {
	due: "due",
	// A revive is being decided, which takes a moment; until it succeeds the money is owed.
	withdrawing: "due",
	sent: "sent",
	done: "refunded",
	failed: "failed",
};

/** A refund that was withdrawn, or that is 0, is none. */
const isOwed = and(ne(refunds.state, "not_owed"), gt(refunds.amount, 0));

/** Returns the refunds of these bookings by booking. A booking without one, or whose refund was withdrawn or is 0, has no entry. */
export async function findRefunds(database: Database, ids: readonly BookingId[]): Promise<ReadonlyMap<BookingId, BookingRefund>> {
	return ids.length === 0 ? new Map() : readFrom(database, "bookings", (queries) => readRefunds(queries, ids));
}

/** As `findRefunds`, on a connection of the caller. */
export async function readRefunds(queries: ReadQueries, ids: readonly BookingId[]): Promise<ReadonlyMap<BookingId, BookingRefund>> {
	const rows = await queries
		.select()
		.from(refunds)
		.where(and(inArray(refunds.bookingId, [...ids]), isOwed));
	return new Map(
		rows.flatMap(({ bookingId, state, amount, currency, percent, reason, dueAt, doneAt, providerRef }) => {
			if (state === "not_owed") return [];
			const times = { dueAt: dueAt.getTime(), settledAt: doneAt?.getTime() ?? null };
			return [[bookingId, { status: STATUS_OF[state], amount, currency, percent, reason, ...times, reference: providerRef }] as const];
		}),
	);
}

/** Returns the condition that a refund has this status. */
export function hasRefundStatus(status: BookingRefund["status"]): SQL | undefined {
	const states = REFUND_STATES.filter((state) => state !== "not_owed" && STATUS_OF[state] === status);
	return and(inArray(refunds.state, states), isOwed);
}
