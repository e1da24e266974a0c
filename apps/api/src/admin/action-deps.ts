/** What the routes pass to the actions of showtimes, and how they drive one to its end. */
import { DatabaseOutcomeUnknown, isDatabaseUnavailable } from "@holdfast/database";
import { SeatStoreFault } from "@holdfast/seat-store";
import { type ActionDeps, driveAction, type WaitOutcome, waitForAction } from "@holdfast/showtime-actions";
import type { RouteDeps } from "../deps.ts";

/** Returns the dependencies of actions. A showtime that is not installed is opened as for a buyer. */
export const actionDeps = ({ seatStore, database, installedShowtimes }: RouteDeps): ActionDeps => ({
	seatStore,
	database,
	open: installedShowtimes.reopen,
});

/** `pending`: the action is stored and the sweeper goes on with it; the same request again is answered with the result. */
export type DrivenAction = WaitOutcome | { readonly outcome: "pending" };

/** Drives an action and waits until the ledger has its result, a few seconds at most. */
export async function finishAction(deps: RouteDeps, actionId: string): Promise<DrivenAction> {
	return orPending(async (): Promise<DrivenAction> => {
		const driven = await driveAction(actionDeps(deps), actionId);
		if (driven.outcome === "finished") return { outcome: "recorded", result: driven.result };
		// A pending action is driven by another request or by the sweeper, so it may be finished in a moment.
		const waited = await waitForAction(deps, actionId);
		return driven.outcome === "pending" && waited.outcome === "not_recorded" ? driven : waited;
	});
}

/**
 * Returns what `drive` does, or `pending` when a store fails meanwhile. The action is stored already, so the answer must not be
 * `unavailable`, which says that nothing was changed.
 */
export async function orPending<Result>(drive: () => Promise<Result>): Promise<Result | { readonly outcome: "pending" }> {
	try {
		return await drive();
	} catch (error) {
		const isAway = error instanceof SeatStoreFault || error instanceof DatabaseOutcomeUnknown || isDatabaseUnavailable(error);
		if (isAway) return { outcome: "pending" };
		throw error;
	}
}
