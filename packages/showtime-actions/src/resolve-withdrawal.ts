/** Decides what becomes of a refund that is still withheld after the deadline of its revive: the process that asked has died. */
import { type Database, endWithdrawal, listOverdueWithdrawals, type Withdrawal } from "@holdfast/database";
import { bucketOf } from "@holdfast/domain";
import type { Logger } from "@holdfast/runtime";
import type { SeatStore } from "@holdfast/seat-store";
import type { ActionDeps } from "./action-deps.ts";

/** The dependencies of a revive. `open` as in `ActionDeps`. */
export type ReviveDeps = Pick<ActionDeps, "open"> & {
	readonly seatStore: Pick<SeatStore, "now" | "readBooking" | "loadBooking" | "reviveBooking">;
	readonly database: Database;
};

/** How many refunds one call resolves. */
const WITHDRAWALS_MAX = 100;

/**
 * Makes the refund due again and returns true, if its revive has not succeeded and can no longer succeed. Returns false before the deadline,
 * and while the seat store has a newer version of the booking: then the revive has succeeded, and settling it withdraws the refund. Safe to
 * repeat. Call it before a payment of a withheld refund is refused.
 */
export async function resolveWithdrawal(
	{ seatStore, database }: Pick<ReviveDeps, "database"> & { readonly seatStore: Pick<SeatStore, "now" | "readBooking"> },
	withdrawal: Withdrawal,
): Promise<boolean> {
	const { bookingId, version, untilMs } = withdrawal;
	// The clock first: a revive before the deadline is then in the record that is read next, and after the deadline there is none.
	if ((await seatStore.now(bucketOf(bookingId))) < untilMs) return false;
	const booking = await seatStore.readBooking(bookingId);
	if (booking !== null && booking.version > version) return false;
	return endWithdrawal(database, withdrawal);
}

/** Resolves the refunds whose deadline is over, for the sweeper. Returns how many are due again. Logs each failure and goes on. */
export async function resolveWithdrawals(deps: {
	readonly seatStore: Pick<SeatStore, "now" | "readBooking">;
	readonly database: Database;
	readonly log: Pick<Logger, "warn" | "error">;
}): Promise<number> {
	let resolved = 0;
	for (const withdrawal of await listOverdueWithdrawals(deps.database, WITHDRAWALS_MAX)) {
		const { bookingId } = withdrawal;
		try {
			if (!(await resolveWithdrawal(deps, withdrawal))) continue;
			resolved += 1;
			deps.log.warn({ bookingId }, "refund due again: its revive did not happen");
		} catch (error) {
			deps.log.error({ err: error, bookingId }, "withheld refund not resolved");
		}
	}
	return resolved;
}
