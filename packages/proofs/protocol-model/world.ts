/** How much of the world a search looks at. Less finds a violation sooner; only the whole of it shows that there is none. */
import { howLong } from "@holdfast/testing";
import { ALL_SAFEGUARDS, type Safeguards } from "./safeguards.ts";

export type World = {
	readonly safeguards: Safeguards;
	readonly hasReplica: boolean;
	/** Whether holds expire. */
	readonly hasExpiries: boolean;
	/** Whether a claim may also be made where nothing needs a rebuild, by someone who was called long ago. */
	readonly hasLateClaims: boolean;
	/** Whether primaries restart. */
	readonly hasRestarts: boolean;
	/** How many of the two bookings may be cancelled. */
	readonly cancelMax: 0 | 1 | 2;
};

/** The second of two cancels doubles the states and adds no race, as the seat is sold again after the first: only for the long run. */
export const WHOLE_WORLD: World = {
	safeguards: ALL_SAFEGUARDS,
	hasReplica: true,
	hasExpiries: true,
	hasLateClaims: true,
	hasRestarts: true,
	cancelMax: howLong({ short: 1, long: 2 }),
};
