/**
 * Revives a cancelled booking: withholds its refund in the ledger, asks the seat store, and makes the refund due again if the seat store
 * refuses. Settling the revive withdraws the refund. Why both stores are needed: docs/adr/0017.
 */
import { type Database, endWithdrawal, findBooking, withholdRefund } from "@holdfast/database";
import { bucketOf } from "@holdfast/domain";
import { withOpenShowtime } from "@holdfast/rebuild";
import type { ReviveOutcome, StaffChangeCommand } from "@holdfast/seat-store";
import { openerOf } from "./action-deps.ts";
import type { ReviveDeps } from "./resolve-withdrawal.ts";

/** How long a refund is withheld for one revive. A revive takes a few ms, and 15 s with every retry while its showtime is rebuilt. */
export const WITHHELD_MS = 30_000;

type Closed = "not_loaded" | "not_ready" | "fenced";

/**
 * `confirmed`: the booking is back; also if it was confirmed already. `money_moved`: its refund was paid, is on its way, or has failed.
 * `not_recorded`: the ledger does not have the cancel yet; try again in a moment. `user_deleted`: the account of its user is deleted.
 * `not_opened`: the showtime could not be opened, `reason` says why. The others are of `ReviveOutcome`.
 */
export type DriveReviveOutcome =
	| Exclude<ReviveOutcome, { outcome: Closed }>
	| { readonly outcome: "money_moved" | "user_deleted" }
	| { readonly outcome: "not_opened"; readonly reason: string };

/**
 * Revives the booking; `userId` and `showtimeId` are those of the booking. Safe to repeat, and in several processes. Throws when a store
 * fails: the booking may then be revived, and a refund that is withheld is resolved by the sweeper after `WITHHELD_MS`.
 */
export async function driveRevive(deps: ReviveDeps, revive: StaffChangeCommand): Promise<DriveReviveOutcome> {
	const { database } = deps;
	const untilMs = (await deps.seatStore.now(bucketOf(revive.bookingId))) + WITHHELD_MS;
	const withheld = await withholdRefund(database, { bookingId: revive.bookingId, untilMs });
	if (withheld.outcome === "money_moved" || withheld.outcome === "user_deleted") return { outcome: withheld.outcome };
	if (withheld.outcome === "conflict") return { outcome: "booking_state" };
	// Without a version of the ledger the seat store accepts no revive; it only distinguishes a confirmed booking from one that is not.
	const ledgerVersion = "version" in withheld ? withheld.version : null;
	const answer = await withOpenShowtime(openerOf(deps, revive.showtimeId), () =>
		reviveLoaded(deps, { ...revive, ledgerVersion, deadlineMs: untilMs }),
	);
	if (withheld.outcome === "withheld" && !withheld.isShared && answer.outcome !== "confirmed")
		await endWithdrawal(database, { bookingId: revive.bookingId, version: withheld.version, untilMs });
	return answer.outcome === "not_loaded" ? { outcome: "not_found" } : answer;
}

/** Loads the record of a booking that the seat store has no longer, and asks again. */
async function reviveLoaded(
	{ seatStore, database }: { readonly seatStore: ReviveDeps["seatStore"]; readonly database: Database },
	command: Parameters<ReviveDeps["seatStore"]["reviveBooking"]>[0],
): Promise<ReviveOutcome> {
	const answer = await seatStore.reviveBooking(command);
	if (answer.outcome !== "not_loaded") return answer;
	const found = await findBooking(database, command.bookingId);
	if (found === null) return answer;
	await seatStore.loadBooking(found.booking);
	return seatStore.reviveBooking(command);
}
