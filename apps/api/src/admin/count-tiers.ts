/** Counts the seats of each tier by status. */
import { countSeats, type IndexedSeatPlan } from "@holdfast/domain";

/** The seats of one tier by status. */
export type TierCounts = ReturnType<typeof countSeats> & { readonly tier: string };

/** Returns one entry for each tier of the plan, in its order. `statuses` has one letter per seat, by index. */
export function countTiers(plan: IndexedSeatPlan, statuses: string): TierCounts[] {
	const lettersByTier = Map.groupBy(Array.from(statuses).entries(), ([index]) => plan.seats[index]?.tier);
	return plan.plan.tiers.map(({ id }) => {
		const letters = lettersByTier.get(id)?.map(([, letter]) => letter) ?? [];
		return { tier: id, ...countSeats(letters.join("")) };
	});
}
