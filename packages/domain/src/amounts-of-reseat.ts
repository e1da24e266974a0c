/** What each seat of a booking costs after staff have moved the booking to other seats. */
import { sumOf } from "./money.ts";
import type { IndexedSeatPlan } from "./seat-plan.ts";
import type { TierPrices } from "./showtime.ts";

/** A move of a booking: `from` as the booking is, `to` the seat indexes after it, `prices` as the showtime has them now. */
export type Reseat = {
	readonly plan: IndexedSeatPlan;
	readonly prices: TierPrices;
	readonly from: { readonly seats: readonly number[]; readonly amounts: readonly number[] };
	readonly to: readonly number[];
};

/**
 * Returns the amount of each seat of `to`, in this order, in minor units; null when the booking would cost another amount. Seats of the
 * same tiers keep what was paid for them, also after a change of prices. Seats of other tiers cost what they cost now, and these prices
 * must add up to what was paid. Throws when the plan lacks a seat or the showtime a price.
 */
export function amountsOfReseat({ plan, prices, from, to }: Reseat): number[] | null {
	const tierOf = (seat: number): string => {
		const tier = plan.seats[seat]?.tier;
		if (tier === undefined) throw new Error(`seat plan ${plan.plan.id} has no seat with index ${seat}`);
		return tier;
	};
	const paid = Map.groupBy(
		from.seats.map((seat, at) => ({ tier: tierOf(seat), amount: from.amounts[at] ?? 0 })),
		({ tier }) => tier,
	);
	const kept = to.map((seat) => paid.get(tierOf(seat))?.shift()?.amount);
	if (to.length === from.seats.length && kept.every((amount) => amount !== undefined)) return kept;
	const now = to.map((seat) => {
		const price = prices[tierOf(seat)];
		if (price === undefined) throw new Error(`the showtime has no price for tier ${tierOf(seat)}`);
		return price;
	});
	return sumOf(now) === sumOf(from.amounts) ? now : null;
}
