/** The wire schemas of money: the price of one seat, and the total of a booking. */
import { BOOKING_AMOUNT_MAX, PRICE_MAX } from "@holdfast/domain";
import { Type } from "typebox";
import { CLOSED, share } from "./share.ts";

const money = (maximum: number, description: string) =>
	Type.Object(
		{
			amount: Type.Integer({
				minimum: 0,
				maximum,
				description: "Amount in the smallest unit of the currency by ISO 4217: cents for USD, yen for JPY",
				examples: [2500],
			}),
			currency: Type.String({ pattern: "^[A-Z]{3}$", description: "ISO 4217 currency code", examples: ["USD"] }),
		},
		{ ...CLOSED, description },
	);

/** Schema of the total of a booking. */
export const Money = share("Money", money(BOOKING_AMOUNT_MAX, "An exact amount of money"));
/** Schema of a sum over many bookings. */
export const Sum = share("Sum", money(Number.MAX_SAFE_INTEGER, "A sum of amounts in one currency"));
/** Schema of the price of one seat. */
export const Price = share("Price", money(PRICE_MAX, "The price of one seat"));
