/** The wire form of prices by tier, as staff send and get them: the form of `prices` of a showtime. */
import type { PricesIn } from "@holdfast/database";
import { TIER_ID_PATTERN, TIERS_PER_PLAN_MAX, type TierPrices } from "@holdfast/domain";
import { type Static, Type } from "typebox";
import type { ValidationError } from "../plugins/to-validation-errors.ts";
import { Price } from "./money.ts";
import { CLOSED } from "./share.ts";

const TierPrice = Type.Object(
	{
		tier: Type.String({ pattern: TIER_ID_PATTERN, description: "Tier id", examples: ["standard"] }),
		price: Price.ref,
	},
	CLOSED,
);
/** A list of prices in a request. `parseTierPrices` checks what the schema cannot. */
export const tierPrices = (description: string) =>
	Type.Array(TierPrice, {
		minItems: 1,
		maxItems: TIERS_PER_PLAN_MAX,
		description,
		examples: [[{ tier: "standard", price: { amount: 1250, currency: "EUR" } }]],
	});
/** The JSON of a list of prices. */
export type TierPricesBody = Static<typeof TierPrice>[];

/** Returns the prices by tier with their currency, or `invalid`: a tier twice, or two currencies. `pointer` is where the list is. */
export function parseTierPrices(
	list: TierPricesBody,
	pointer: string,
): { outcome: "parsed"; prices: PricesIn } | { outcome: "invalid"; errors: ValidationError[] } {
	const prices: Record<string, number> = {};
	const currency = list[0]?.price.currency ?? "";
	const errors: ValidationError[] = [];
	for (const [index, { tier, price }] of list.entries()) {
		if (Object.hasOwn(prices, tier)) errors.push({ pointer: `${pointer}/${index}/tier`, message: "must not name the same tier twice" });
		if (price.currency !== currency)
			errors.push({ pointer: `${pointer}/${index}/price/currency`, message: "must be the currency of the other prices" });
		prices[tier] = price.amount;
	}
	return errors.length > 0 ? { outcome: "invalid", errors } : { outcome: "parsed", prices: { currency, prices } };
}

/** Converts prices by tier to their JSON. */
export const presentTierPrices = (prices: TierPrices, currency: string): TierPricesBody =>
	Object.entries(prices).map(([tier, amount]) => ({ tier, price: { amount, currency } }));
