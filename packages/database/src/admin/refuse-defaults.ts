/** Compares the default prices and blocks of an auditorium with its seat plan. */
import { findSeats, findUnknownTiers, indexSeatPlan, type SeatPlan } from "@holdfast/domain";
import type { AuditoriumFields } from "./admin-auditorium.ts";
import type { TermsRefusal } from "./find-terms.ts";

/** In what default prices or blocks do not fit a plan; `labels` are those that the plan does not have. */
export type UnfitDefaults = Extract<TermsRefusal, { readonly outcome: "unknown_tiers" | "unknown_seats" }>;

/** Returns in what the defaults do not fit the plan; null if they fit. Absent defaults fit. Null is a plan without tiers and seats. */
export function findUnfitDefaults(
	plan: Pick<SeatPlan, "id" | "tiers" | "rows"> | null,
	{ defaultPrices = null, defaultBlocks = [] }: Partial<Pick<AuditoriumFields, "defaultPrices" | "defaultBlocks">>,
): UnfitDefaults | null {
	const unknownTiers = defaultPrices && findUnknownTiers(plan?.tiers ?? [], defaultPrices.prices);
	if (unknownTiers !== null) return { outcome: "unknown_tiers", ...unknownTiers };
	if (defaultBlocks.length === 0) return null;
	if (plan === null) return { outcome: "unknown_seats", labels: defaultBlocks };
	const found = findSeats(indexSeatPlan(plan), defaultBlocks);
	return found.outcome === "found" ? null : found;
}
