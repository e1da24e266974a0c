/** Money: amounts, and the check and the parser of seat prices. */
import { PRICE_MAX } from "./limits.ts";
import type { TierPrices } from "./showtime.ts";

/** An amount of money: integer minor units (cents) of an ISO 4217 currency. Never a float. */
export type Money = { readonly amount: number; readonly currency: string };

const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));

/** Whether `code` is a currency that Intl knows: an ISO 4217 code in capitals, also of a few currencies that are no longer in use. */
export const isCurrency = (code: string): boolean => CURRENCIES.has(code);

/** Whether `amount` is a valid price of a seat: an integer from 0 to `PRICE_MAX`, in minor units. */
export function isPrice(amount: unknown): amount is number {
	return typeof amount === "number" && Number.isSafeInteger(amount) && amount >= 0 && amount <= PRICE_MAX;
}

/** The prices by tier id, or null if `value` is not an object or one of its values is not a valid price. */
export function parsePrices(value: unknown): TierPrices | null {
	if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
	const prices: Record<string, number> = {};
	for (const [tier, amount] of Object.entries(value)) {
		if (!isPrice(amount)) return null;
		prices[tier] = amount;
	}
	return prices;
}

/** The total of these prices. For the seats of one booking it is at most `BOOKING_AMOUNT_MAX`. */
export const sumOf = (amounts: readonly number[]): number => amounts.reduce((sum, amount) => sum + amount, 0);

/**
 * How much of `amount` (minor units) is paid back at `percent`, 0 to 100. Rounded down, here and nowhere else. Exact for every amount that
 * the ledger can have: the product of a large amount and 100 would not be.
 */
export function refundOf(amount: number, percent: number): number {
	const [hundreds, rest] = [Math.floor(amount / 100), amount % 100];
	return hundreds * percent + Math.floor((rest * percent) / 100);
}
