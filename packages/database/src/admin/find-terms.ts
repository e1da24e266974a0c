/** Finds the plan, the prices and the blocked seats of new showtimes: those of the request, else the defaults of the auditorium. */
import { findSeats, findUnknownTiers, indexSeatPlan, type SeatPlanId, type TierPrices, type UnknownTiers } from "@holdfast/domain";
import type { Queries } from "../create-database.ts";
import { findRoomPlan, type Room } from "./find-room.ts";

/** What the request says. Null: the default of the auditorium. */
export type RequestedTerms = {
	readonly planId: SeatPlanId | null;
	readonly prices: TierPrices | null;
	readonly currencies: readonly string[];
	readonly blocks: readonly string[] | null;
};

/** The terms of each new showtime. */
export type RoomTerms = {
	readonly planId: SeatPlanId;
	readonly prices: TierPrices;
	/** Labels of the blocked seats, and their indexes, ascending. */
	readonly blocks: readonly string[];
	readonly blockedSeats: number[];
};

/**
 * `unknown_tiers`: the prices do not name every tier of the plan (`missing`), or others (`unknown`). `currency_mismatch`: a price is not in
 * `currency`, the auditorium's. `unknown_seats`: the plan lacks the labels to block.
 */
export type TermsRefusal =
	| { readonly outcome: "unknown_reference"; readonly pointer: string; readonly message: string }
	| ({ readonly outcome: "unknown_tiers" } & UnknownTiers)
	| { readonly outcome: "currency_mismatch"; readonly currency: string }
	| { readonly outcome: "unknown_seats"; readonly labels: readonly string[] };

/** Returns the terms, or why the request cannot be met. */
export async function findTerms(
	tx: Queries,
	room: Room,
	requested: RequestedTerms,
): Promise<({ outcome: "found" } & RoomTerms) | TermsRefusal> {
	const { planId, currencies } = requested;
	const plan = await findRoomPlan(tx, room.id, planId);
	if (plan === null) {
		const message = planId === null ? "the auditorium has no current seat plan" : "the auditorium has no seat plan with this id";
		return { outcome: "unknown_reference", pointer: "/planId", message };
	}
	if (currencies.some((currency) => currency !== room.currency)) return { outcome: "currency_mismatch", currency: room.currency };
	const prices = requested.prices ?? room.defaultPrices ?? {};
	const unknownTiers = findUnknownTiers(plan.layout.tiers, prices);
	if (unknownTiers !== null) return { outcome: "unknown_tiers", ...unknownTiers };
	const blocks = requested.blocks ?? room.defaultBlocks;
	const found = findSeats(indexSeatPlan({ id: plan.id, ...plan.layout }), blocks);
	if (found.outcome === "unknown_seats") return found;
	return { outcome: "found", planId: plan.id, prices, blocks, blockedSeats: found.indexes.toSorted((a, b) => a - b) };
}
