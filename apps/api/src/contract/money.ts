/** Money on the wire: what a seat costs, and what a booking costs. */
import { BOOKING_AMOUNT_MAX, PRICE_MAX } from "@holdfast/domain";
import { Type } from "typebox";
import { CLOSED, share } from "./share.ts";

const money = (maximum: number, description: string) =>
	Type.Object(
		{
			amount: Type.Integer({ minimum: 0, maximum, description: "Minor units: cents", examples: [2500] }),
			currency: Type.String({ pattern: "^[A-Z]{3}$", description: "ISO 4217", examples: ["USD"] }),
		},
		{ ...CLOSED, description },
	);

export const Money = share("Money", money(BOOKING_AMOUNT_MAX, "An amount of money, exact: any JSON reader's number holds it"));
export const Price = share("Price", money(PRICE_MAX, "What one seat costs"));
