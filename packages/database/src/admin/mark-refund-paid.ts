/** Marks a refund as paid by hand. */
import type { BookingId, StaffCommand } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { and, eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { refunds } from "../schema/index.ts";
import { type AdminRefund, adminRefundOf, isListed, selectRefunds } from "./admin-refund.ts";
import { recordAudit } from "./record-audit.ts";

/** `ifVersions`: the versions of the refund that the change accepts; null: any. */
export type MarkRefundPaidRequest = {
	readonly reference: string;
	readonly ifVersions: readonly string[] | null;
	readonly command: StaffCommand;
};

/**
 * `changed`: the refund is paid now. `unchanged`: it was paid under this reference before. `not_due`: it is in another state; `row` is null
 * when nothing is owed (any more). `version_mismatch`: it is due, but has none of the versions. `not_found`: the booking never was owed a refund. Only
 * `changed` has written anything.
 */
export type MarkRefundPaidOutcome =
	| { readonly outcome: "changed" | "unchanged" | "version_mismatch"; readonly row: AdminRefund }
	| { readonly outcome: "not_due"; readonly row: AdminRefund | null }
	| { readonly outcome: "not_found" };

/**
 * Marks a refund that is due as paid under the reference, and writes one audit row, all or nothing, under the lock of the row: of two calls
 * at once one pays. A repeat with the same reference is `unchanged` whatever versions it accepts. Waits for a concurrent change of the row,
 * at most the lock timeout of `administration`.
 */
export function markRefundPaid(database: Database, bookingId: BookingId, request: MarkRefundPaidRequest): Promise<MarkRefundPaidOutcome> {
	const { reference, ifVersions, command } = request;
	return writeTo(database, "administration", (queries) =>
		queries.transaction(async (tx) => {
			const isRefund = eq(refunds.bookingId, bookingId);
			const [locked] = await tx.select({ showtimeId: refunds.showtimeId }).from(refunds).where(isRefund).for("update");
			if (locked === undefined) return { outcome: "not_found" };
			const row = await readRefund(tx, bookingId);
			if (row?.status === "refunded" && row.reference === reference) return { outcome: "unchanged", row };
			if (row?.status !== "due") return { outcome: "not_due", row };
			if (ifVersions !== null && !ifVersions.includes(row.version)) return { outcome: "version_mismatch", row };
			const paid = await tx
				.update(refunds)
				.set({ state: "done", providerRef: reference, doneAt: sql`now()`, settledBy: command.actor })
				.where(and(isRefund, eq(refunds.state, "due")))
				.returning({ id: refunds.bookingId });
			assert(paid.length === 1, `the locked refund of booking ${bookingId} was not updated`);
			const change = { before: { status: "due", reference: null }, after: { status: "refunded", reference } };
			const target = { type: "booking", id: bookingId } as const;
			await recordAudit(tx, command, [{ action: "booking.refund_paid", target, showtimeId: locked.showtimeId, ...change }]);
			const after = await readRefund(tx, bookingId);
			assert(after !== null, `the paid refund of booking ${bookingId} was not found`);
			return { outcome: "changed", row: after };
		}),
	);
}

/** Returns the refund, or null when nothing is owed. */
async function readRefund(tx: Queries, bookingId: BookingId): Promise<AdminRefund | null> {
	const [row] = await selectRefunds(tx).where(and(isListed, eq(refunds.bookingId, bookingId)));
	return row === undefined ? null : adminRefundOf(row);
}
