/** Drives the actions that are not finished although their first attempt is over, for the sweeper. */
import { type ShowtimeAction, takeDueActions } from "@holdfast/database";
import type { Logger } from "@holdfast/runtime";
import type { ActionDeps } from "./action-deps.ts";
import { driveTaken } from "./drive-action.ts";

/** How many actions one call drives. They wait for different servers, so they run at the same time. */
const ACTIONS_MAX = 20;
/** From this many attempts on, an action that got no further is logged as an error instead of a warning. */
const TRIES_ALARMING = 4;

/** Drives what is due, and returns how many actions it drove. Logs those that got no further; never throws for one of them. */
export async function driveDueActions(deps: ActionDeps & { readonly log: Pick<Logger, "warn" | "error"> }): Promise<number> {
	const due = await takeDueActions(deps.database, ACTIONS_MAX);
	const drive = async (action: ShowtimeAction): Promise<void> => {
		const { id, kind, showtimeId, tries } = action;
		const note = (fields: object) =>
			deps.log[tries >= TRIES_ALARMING ? "error" : "warn"]({ actionId: id, kind, showtimeId, tries, ...fields }, "action not finished");
		try {
			const driven = await driveTaken(deps, action);
			if (driven.outcome === "pending") note({ reason: driven.reason });
		} catch (error) {
			note({ err: error });
		}
	};
	await Promise.all(firstOfArchives(due).map(drive));
	return due.length;
}

/** An archive has one action per showtime, and is driven as a whole. */
function firstOfArchives(actions: readonly ShowtimeAction[]): ShowtimeAction[] {
	const keyOf = (action: ShowtimeAction): string => (action.kind === "archive" ? action.movieId : action.id);
	return [...Map.groupBy(actions, keyOf).values()].flatMap(([first]) => first ?? []);
}
