/**
 * Withholds the refund of a cancelled booking while the seat store decides whether the booking is revived. Until then nothing may pay the
 * refund: a payment is only ever made from the state `due`, under the row's lock. Why: docs/adr/0017.
 *
 * A withheld refund ends in one of two ways. Settling the revive withdraws it (`withdraw-refunds.ts`). A refusal makes it due again; if the
 * process that asked has died, the next process that sees the refund after its deadline finds out which (`resolve-withdrawal.ts`).
 */
import { BOX_OFFICE_USER_ID, type BookingId } from "@holdfast/domain";
import { and, eq, lt, sql } from "drizzle-orm";
import { STAFF_DEADLINE_MS } from "../admin/staff-deadline.ts";
import type { Database, Queries } from "../create-database.ts";
import { readFrom, writeTo } from "../run-queries.ts";
import { bookings, refunds, users } from "../schema/index.ts";

/** A refund that is withheld. `untilMs`: the latest deadline of a revive, by the clock of the booking's Redis. It identifies that revive. */
export type Withdrawal = {
	readonly bookingId: BookingId;
	/** The version at which the booking is cancelled. */
	readonly version: number;
	readonly untilMs: number;
};

/**
 * `withheld`: the booking is cancelled at `version`, and its refund is withheld. `isShared`: another revive withholds it as well, and may
 * still succeed, so a refusal of this one must not end it; the sweeper does after the later deadline. `nothing_owed`: it is cancelled at
 * `version`, without a refund. `money_moved`: the refund was paid, is on its way, or has failed. `conflict`: the booking is in conflict.
 * `not_cancelled`: the ledger has it as confirmed; it may not have the cancel yet. `unknown`: the ledger lacks the booking. `user_deleted`:
 * the account of the booking's user is deleted, or being deleted.
 */
export type WithholdOutcome =
	| { readonly outcome: "withheld"; readonly version: number; readonly isShared: boolean }
	| { readonly outcome: "nothing_owed"; readonly version: number }
	| { readonly outcome: "money_moved" | "not_cancelled" | "conflict" | "unknown" | "user_deleted" };

/**
 * Withholds the refund of a cancelled booking until `untilMs` or longer, if it is not paid. Waits for a payment that is being recorded, and
 * for a change of the booking that is being settled.
 */
export function withholdRefund(
	database: Database,
	{ bookingId, untilMs }: Pick<Withdrawal, "bookingId" | "untilMs">,
): Promise<WithholdOutcome> {
	const withhold = async (tx: Queries): Promise<WithholdOutcome> => {
		// Settling writes the booking before its refund. The lock waits for a settling that is about to commit both; without it, this could see
		// the cancelled booking and miss its refund, or withhold a refund of a later version.
		const [booking] = await tx
			.select({ state: bookings.state, version: bookings.version, userId: users.id, deletionStartedAt: users.deletionStartedAt })
			.from(bookings)
			.innerJoin(users, eq(users.id, bookings.userId))
			.where(eq(bookings.id, bookingId))
			.for("share", { of: bookings });
		const [refund] = await tx.select().from(refunds).where(eq(refunds.bookingId, bookingId)).for("no key update");
		if (booking === undefined) return { outcome: "unknown" };
		const { state, version, userId, deletionStartedAt } = booking;
		if (state === "CONFLICT") return { outcome: "conflict" };
		if (state !== "CANCELLED") return { outcome: "not_cancelled" };
		if (deletionStartedAt !== null && userId !== BOX_OFFICE_USER_ID) return { outcome: "user_deleted" };
		switch (refund?.state) {
			case undefined:
			case "not_owed":
				return { outcome: "nothing_owed", version };
			case "due":
			case "withdrawing": {
				// Never the deadline of the revive before: its refusal must not end this one.
				const laterMs = Math.max(untilMs, (refund?.withdrawUntil?.getTime() ?? 0) + 1);
				await tx
					.update(refunds)
					.set({ state: "withdrawing", withdrawVersion: version, withdrawUntil: new Date(laterMs) })
					.where(eq(refunds.bookingId, bookingId));
				return { outcome: "withheld", version, isShared: refund?.state === "withdrawing" };
			}
			case "sent":
			case "done":
			case "failed":
				return { outcome: "money_moved" };
		}
	};
	return writeTo(database, "administration", (queries) => queries.transaction(withhold), STAFF_DEADLINE_MS);
}

/**
 * Makes a withheld refund due again: the seat store has refused the revive, or can no longer accept it. Returns false when the refund is not
 * withheld by this revive any more. Safe to repeat.
 */
export async function endWithdrawal(database: Database, { bookingId, version, untilMs }: Withdrawal): Promise<boolean> {
	const ended = await writeTo(database, "administration", (queries) =>
		queries
			.update(refunds)
			.set({ state: "due", withdrawVersion: null, withdrawUntil: null })
			.where(
				and(
					eq(refunds.bookingId, bookingId),
					eq(refunds.state, "withdrawing"),
					eq(refunds.withdrawVersion, version),
					eq(refunds.withdrawUntil, new Date(untilMs)),
				),
			)
			.returning({ id: refunds.bookingId }),
	);
	return ended.length > 0;
}

/** Returns how the refund of this booking is withheld, or null when it is not. */
export async function findWithdrawal(database: Database, bookingId: BookingId): Promise<Withdrawal | null> {
	const [row] = await readFrom(database, "administration", (queries) =>
		queries.select().from(refunds).where(eq(refunds.bookingId, bookingId)),
	);
	return row === undefined ? null : withdrawalOf(row);
}

/** Returns the refunds that are still withheld after their deadline, by the Postgres clock, the oldest first, at most `limit`. */
export async function listOverdueWithdrawals(database: Database, limit: number): Promise<Withdrawal[]> {
	const rows = await readFrom(database, "upkeep", (queries) =>
		queries
			.select()
			.from(refunds)
			.where(and(eq(refunds.state, "withdrawing"), lt(refunds.withdrawUntil, sql`now()`)))
			.orderBy(refunds.withdrawUntil)
			.limit(limit),
	);
	return rows.flatMap((row) => withdrawalOf(row) ?? []);
}

function withdrawalOf({ bookingId, withdrawVersion, withdrawUntil }: typeof refunds.$inferSelect): Withdrawal | null {
	if (withdrawVersion === null || withdrawUntil === null) return null;
	return { bookingId, version: withdrawVersion, untilMs: withdrawUntil.getTime() };
}
