/** Compares prices with the tiers of a seat plan. */
import type { PlanTier } from "./seat-plan.ts";
import type { TierPrices } from "./showtime.ts";

/** Returns the ids of tiers that have no price, then the ids in `prices` that are not tiers. Empty: each tier has a price, and nothing else has. */
export function findUnknownTiers(tiers: readonly PlanTier[], prices: TierPrices): string[] {
	const ids = new Set(tiers.map(({ id }) => id));
	const unpriced = [...ids].filter((id) => !Object.hasOwn(prices, id));
	return [...unpriced, ...Object.keys(prices).filter((id) => !ids.has(id))];
}
