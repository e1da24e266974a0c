/** Decides how a change that was interrupted between two stores is answered. */
import { DatabaseOutcomeUnknown, isDatabaseUnavailable } from "@holdfast/database";
import { SeatStoreFault } from "@holdfast/seat-store";

/**
 * Returns the error to throw. `unavailable` says that nothing was changed, so a store that fails after a part of the change was made
 * becomes `outcome_unknown`: the same request again finishes the change.
 */
export function unlessChanged({ cause }: Error, mayHaveChanged: boolean): unknown {
	const isAway = cause instanceof SeatStoreFault || isDatabaseUnavailable(cause);
	return mayHaveChanged && isAway ? new DatabaseOutcomeUnknown(cause) : cause;
}
