/** A seat plan on the wire. */
import { SEAT_KINDS } from "@holdfast/domain";
import { type Static, Type } from "typebox";
import { CLOSED, oneOf, share } from "./share.ts";

const PlanSeat = Type.Object(
	{
		label: Type.String({ description: "As a booking names it" }),
		tier: Type.String({ description: "Id of a tier" }),
		kind: oneOf(SEAT_KINDS),
	},
	CLOSED,
);

const SeatPlanObject = Type.Object(
	{
		id: Type.String(),
		seatCount: Type.Integer({ minimum: 1, description: "Seats, gaps not counted" }),
		tiers: Type.Array(Type.Object({ id: Type.String(), name: Type.String() }, CLOSED), {
			description: "Price classes; a showtime says what each costs",
		}),
		rows: Type.Array(
			Type.Object(
				{
					label: Type.String(),
					seats: Type.Array(
						Type.Unsafe<Static<typeof PlanSeat> | null>({ anyOf: [PlanSeat, { type: "null" }], description: "null: a gap, an aisle" }),
					),
				},
				CLOSED,
			),
			{ description: "Front to back, left to right. A seat's index is its place in this order, from 0, gaps not counted" },
		),
	},
	CLOSED,
);
export const SeatPlan = share("SeatPlan", SeatPlanObject);
