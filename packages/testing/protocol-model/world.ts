/** How much of the world a search looks at. Less finds a violation sooner; only the whole of it shows that there is none. */
import { ALL_SAFEGUARDS, type Safeguards } from "./safeguards.ts";

export type World = {
	readonly safeguards: Safeguards;
	readonly hasReplica: boolean;
	/** Whether holds lapse. */
	readonly hasLapses: boolean;
	/** Whether a claim may also be made where nothing needs a rebuild, by someone who was called long ago. */
	readonly hasLateClaims: boolean;
	/** Whether primaries restart. */
	readonly hasRestarts: boolean;
	/** How many of the two bookings may be cancelled. */
	readonly cancelMax: 0 | 1 | 2;
};

/** The second of two cancels adds states and no race, the seat is sold again after the first: 475,349 states, no violation. */
export const WHOLE_WORLD: World = {
	safeguards: ALL_SAFEGUARDS,
	hasReplica: true,
	hasLapses: true,
	hasLateClaims: true,
	hasRestarts: true,
	cancelMax: 1,
};
