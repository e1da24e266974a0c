/** Money: integer minor units (cents) of an ISO 4217 currency, never a float; and what a seat may cost. */
import { PRICE_MAX } from "./limits.ts";
import type { TierPrices } from "./showtime.ts";

/** An amount of money: integer minor units (cents) of an ISO 4217 currency. Never a float. */
export type Money = { readonly amount: number; readonly currency: string };

/** Whether a seat may cost this much: an integer, 0 to `PRICE_MAX` minor units. */
export function isPrice(amount: unknown): amount is number {
	return typeof amount === "number" && Number.isSafeInteger(amount) && amount >= 0 && amount <= PRICE_MAX;
}

/** The prices of a showtime's tiers, or null unless `value` is a plain object whose every value is a price. */
export function parsePrices(value: unknown): TierPrices | null {
	if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
	const prices: Record<string, number> = {};
	for (const [tier, amount] of Object.entries(value)) {
		if (!isPrice(amount)) return null;
		prices[tier] = amount;
	}
	return prices;
}

/** What seats at these prices cost together: at most `BOOKING_AMOUNT_MAX` for those of one booking. */
export const sumOf = (amounts: readonly number[]): number => amounts.reduce((sum, amount) => sum + amount, 0);
