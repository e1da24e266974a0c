/** Compares prices with the tiers of a seat plan. */
import type { PlanTier } from "./seat-plan.ts";
import type { TierPrices } from "./showtime.ts";

/** Ids of tiers that have no price, and of prices that are of no tier. */
export type UnknownTiers = { readonly missing: readonly string[]; readonly unknown: readonly string[] };

/** Returns in what the prices differ from the tiers; null if each tier has a price, and nothing else has. */
export function findUnknownTiers(tiers: readonly PlanTier[], prices: TierPrices): UnknownTiers | null {
	const ids = new Set(tiers.map(({ id }) => id));
	const missing = [...ids].filter((id) => !Object.hasOwn(prices, id));
	const unknown = Object.keys(prices).filter((id) => !ids.has(id));
	return missing.length + unknown.length === 0 ? null : { missing, unknown };
}
