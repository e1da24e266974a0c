/** Moves a showtime to another time: first in the ledger, then in the seat store, whose event informs the buyers. */
import { type RescheduleRequest, type RescheduleStart, startReschedule } from "@holdfast/database";
import type { RouteDeps } from "../deps.ts";
import { finishAction } from "./action-deps.ts";

/**
 * `moved`: done, or it is at this time already. `pending`: the ledger has the new time, and the sweeper takes it to the seat store. `busy`:
 * an earlier action of the showtime is not finished; nothing was changed.
 */
export type MoveOutcome =
	| { readonly outcome: "moved" | "pending" | "busy" }
	| { readonly outcome: "version_mismatch" | "not_found" | "showtime_cancelled" | "showtime_closed" }
	| Extract<RescheduleStart, { readonly outcome: "refused_start" | "invalid_schedule" | "time_ambiguous" }>;

/** Moves the showtime. An earlier action that is not finished is driven first. Safe to repeat. */
export async function moveShowtime(deps: RouteDeps, request: RescheduleRequest): Promise<MoveOutcome> {
	let start = await startReschedule(deps.database, request);
	if (start.outcome === "action_open") {
		await finishAction(deps, start.actionId);
		start = await startReschedule(deps.database, request);
	}
	switch (start.outcome) {
		case "action_open":
			return { outcome: "busy" };
		case "unchanged":
			return { outcome: "moved" };
		case "started": {
			const driven = await finishAction(deps, start.actionId);
			return { outcome: driven.outcome === "pending" ? "pending" : "moved" };
		}
		case "version_mismatch":
			return { outcome: "version_mismatch" };
		default:
			return start;
	}
}
