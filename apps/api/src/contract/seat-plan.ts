/** A seat plan on the wire. */
import { SEAT_KINDS } from "@holdfast/domain";
import { type Static, Type } from "typebox";
import { EXAMPLE_IDS } from "./examples.ts";
import { CLOSED, id, oneOf, share, text } from "./share.ts";

const PlanSeat = Type.Object(
	{
		label: text("As a booking names it", "E5"),
		tier: text("Id of a tier", "standard"),
		kind: oneOf(SEAT_KINDS, "What sort of place it is"),
	},
	CLOSED,
);

const SeatPlanObject = Type.Object(
	{
		id: id("Its id", EXAMPLE_IDS.plan),
		seatCount: Type.Integer({ minimum: 1, description: "Seats, gaps not counted", examples: [100] }),
		tiers: Type.Array(Type.Object({ id: text("Its id", "standard"), name: text("Its name", "Standard") }, CLOSED), {
			description: "Price classes; a showtime says what each costs",
		}),
		rows: Type.Array(
			Type.Object(
				{
					label: text("Its name", "E"),
					seats: Type.Array(
						Type.Unsafe<Static<typeof PlanSeat> | null>({ anyOf: [PlanSeat, { type: "null" }], description: "null: a gap, an aisle" }),
						{ description: "Left to right" },
					),
				},
				CLOSED,
			),
			{ description: "Front to back, left to right. A seat's index is its place in this order, from 0, gaps not counted" },
		),
	},
	{ ...CLOSED, description: "The seats of an auditorium; never changes" },
);
export const SeatPlan = share("SeatPlan", SeatPlanObject);
