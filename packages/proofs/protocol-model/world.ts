/**
 * The options of a search. A smaller world finds a violation sooner; only a search of the whole world proves that there is none.
 */
import { byRunLength } from "@holdfast/testing";
import { ALL_SAFEGUARDS, type Safeguards } from "./safeguards.ts";

/** What can happen in a search. */
export type World = {
	readonly safeguards: Safeguards;
	readonly hasReplica: boolean;
	/** Whether holds expire. */
	readonly hasExpiries: boolean;
	/** Whether a delayed rebuilder may make a claim although the showtime needs no rebuild any more. */
	readonly hasLateClaims: boolean;
	/** Whether primaries restart. */
	readonly hasRestarts: boolean;
	/** How many of the two bookings may be cancelled. */
	readonly cancelMax: 0 | 1 | 2;
};

/**
 * All steps. A second cancel doubles the number of states and adds no new race, because the seat can be sold again after the first:
 * only the long run includes it.
 */
export const WHOLE_WORLD: World = {
	safeguards: ALL_SAFEGUARDS,
	hasReplica: true,
	hasExpiries: true,
	hasLateClaims: true,
	hasRestarts: true,
	cancelMax: byRunLength({ short: 1, long: 2 }),
};
