import { expect, it } from "vitest";
import { BOOKING_AMOUNT_MAX, LIMIT_SPECS, PRICE_MAX } from "./limits.ts";
import { isPrice, parsePrices, refundOf, sumOf } from "./money.ts";

it("a seat costs at most 999,999,999,999 minor units, and the largest booking stays below 2^53", () => {
	expect(PRICE_MAX).toBe(999_999_999_999);
	expect(BOOKING_AMOUNT_MAX).toBe(9_999_999_999_990);
	expect(Number.isSafeInteger(BOOKING_AMOUNT_MAX)).toBe(true);
	// Lua's tostring() writes numbers from 1e14 on with an exponent and loses digits.
	expect(BOOKING_AMOUNT_MAX).toBeLessThan(1e14);
});

it.each([0, 1250, PRICE_MAX])("accepts %d as a price", (amount) => {
	expect([isPrice(amount), parsePrices({ standard: amount })]).toEqual([true, { standard: amount }]);
});

it.each([-1, PRICE_MAX + 1, 12.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, "1250", null])("rejects %s as a price", (amount) => {
	expect([isPrice(amount), parsePrices({ standard: 1250, premium: amount })]).toEqual([false, null]);
});

it("sumOf adds up the most seats at the highest price to exactly the highest price of a booking", () => {
	expect(sumOf(Array.from({ length: LIMIT_SPECS.seatsPerBookingMax.max }, () => PRICE_MAX))).toBe(BOOKING_AMOUNT_MAX);
});

it.each([null, "{}", 7, [1250], undefined])("parsePrices rejects %j, which is not an object of tiers", (value) => {
	expect(parsePrices(value)).toBeNull();
});

it.each([
	[2500, 100, 2500],
	[2500, 0, 0],
	[2500, 1, 25],
	[1255, 50, 627],
	[99, 1, 0],
	[1, 99, 0],
	[Number.MAX_SAFE_INTEGER, 100, Number.MAX_SAFE_INTEGER],
	[Number.MAX_SAFE_INTEGER, 99, Number((BigInt(Number.MAX_SAFE_INTEGER) * 99n) / 100n)],
])("refundOf %d at %d percent is %d, rounded down without an error of floating point", (amount, percent, refund) => {
	expect(refundOf(amount, percent)).toBe(refund);
});
