/** Compares the default prices and blocks of an auditorium with its seat plan. */
import { findSeats, findUnknownTiers, indexSeatPlan, type SeatPlan } from "@holdfast/domain";
import { and, eq } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { seatPlans } from "../schema/index.ts";
import type { Auditorium, AuditoriumFields } from "./admin-auditorium.ts";

/** `tiers`: without a price, or not of the plan. `seats`: labels that the plan does not have. */
export type UnfitDefaults =
	| { readonly outcome: "unknown_tiers"; readonly tiers: string[] }
	| { readonly outcome: "unknown_seats"; readonly seats: string[] };

/** Returns in what the defaults do not fit the plan; null if they fit. Absent defaults fit. An auditorium without a plan has no tiers and no seats. */
export function findUnfitDefaults(
	plan: Pick<SeatPlan, "id" | "tiers" | "rows"> | null,
	{ defaultPrices = null, defaultBlocks = [] }: Partial<Pick<AuditoriumFields, "defaultPrices" | "defaultBlocks">>,
): UnfitDefaults | null {
	if (defaultPrices !== null) {
		const tiers = findUnknownTiers(plan?.tiers ?? [], defaultPrices.prices);
		if (tiers.length > 0) return { outcome: "unknown_tiers", tiers };
	}
	if (defaultBlocks.length === 0) return null;
	if (plan === null) return { outcome: "unknown_seats", seats: [...defaultBlocks] };
	const found = findSeats(indexSeatPlan(plan), defaultBlocks);
	return found.outcome === "found" ? null : { outcome: "unknown_seats", seats: found.labels };
}

/** Returns the current plan of the auditorium with its layout, or null when no plan is current. */
export async function findCurrentPlan(tx: Queries, { id }: Pick<Auditorium, "id">): Promise<SeatPlan | null> {
	const [row] = await tx
		.select({ id: seatPlans.id, layout: seatPlans.layout })
		.from(seatPlans)
		.where(and(eq(seatPlans.auditoriumId, id), seatPlans.isCurrent));
	return row === undefined ? null : { id: row.id, ...row.layout };
}
