/** Money on the wire. */
import { Type } from "typebox";
import { CLOSED, share } from "./share.ts";

export const Money = share(
	"Money",
	Type.Object(
		{
			amount: Type.Integer({ description: "Minor units: cents", examples: [2500] }),
			currency: Type.String({ pattern: "^[A-Z]{3}$", description: "ISO 4217", examples: ["USD"] }),
		},
		{ ...CLOSED, description: "An amount of money, exact" },
	),
);
