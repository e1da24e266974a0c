/** Reads what is owed for bookings. */
import type { BookingId } from "@holdfast/domain";
import { and, gt, inArray, ne } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { type RefundReason, type RefundState, refunds } from "../schema/index.ts";

/** A refund as the customer sees it. `amount` is in minor units of `currency`, and `percent` of the amount of the booking. */
export type BookingRefund = {
	readonly status: "due" | "sent" | "refunded" | "failed";
	readonly amount: number;
	readonly currency: string;
	readonly percent: number;
	readonly reason: RefundReason;
};

const STATUS_OF: Record<Exclude<RefundState, "not_owed">, BookingRefund["status"]> = {
	due: "due",
	// A revive is being decided, which takes a moment; until it succeeds the money is owed.
	withdrawing: "due",
	sent: "sent",
	done: "refunded",
	failed: "failed",
};

/** Returns the refunds of these bookings by booking. A booking without one, or whose refund was withdrawn or is 0, has no entry. */
export async function findRefunds(database: Database, ids: readonly BookingId[]): Promise<ReadonlyMap<BookingId, BookingRefund>> {
	if (ids.length === 0) return new Map();
	const rows = await readFrom(database, "bookings", (queries) =>
		queries
			.select()
			.from(refunds)
			.where(and(inArray(refunds.bookingId, [...ids]), ne(refunds.state, "not_owed"), gt(refunds.amount, 0))),
	);
	return new Map(
		rows.flatMap(({ bookingId, state, amount, currency, percent, reason }) =>
			state === "not_owed" ? [] : [[bookingId, { status: STATUS_OF[state], amount, currency, percent, reason }] as const],
		),
	);
}
