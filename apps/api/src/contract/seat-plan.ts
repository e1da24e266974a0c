/** The wire schema of seat plans. */
import { ROW_ANGLE_MAX, ROW_POSITION_MAX, SEAT_KINDS } from "@holdfast/domain";
import { type Static, Type } from "typebox";
import { EXAMPLE_IDS } from "./examples.ts";
import { CLOSED, id, oneOf, share, text } from "./share.ts";

/** Description of the field `kind` of a seat. */
export const SEAT_KIND = "Kind of seat, for display only: a seat of any kind can be booked alone";

/** A coordinate of a row. */
const seatWidths = (description: string, example: number) =>
	Type.Optional(Type.Number({ minimum: -ROW_POSITION_MAX, maximum: ROW_POSITION_MAX, description, examples: [example] }));

/** The optional fields of a row that say where it is, in a seat plan and in a seat matrix. */
export const ROW_PLACE = {
	section: Type.Optional(text("Part of the room that the row belongs to; absent if the plan has no sections", "Balcony")),
	x: seatWidths(
		"Position of the row's first seat or gap, in seat widths, to the right. `x` and `y` come together. Draw a row without them below the row " +
			"before it",
		4.5,
	),
	y: seatWidths("Position of the row's first seat or gap, in seat widths, away from the stage", 12),
	angle: Type.Optional(
		Type.Number({
			minimum: -ROW_ANGLE_MAX,
			maximum: ROW_ANGLE_MAX,
			description:
				"Direction of the row in degrees, clockwise as drawn; 0 if absent. Seat or gap i of the row is at " +
				"(x + i * cos(angle), y + i * sin(angle))",
			examples: [-15],
		}),
	),
};

const PlanSeat = Type.Object(
	{
		label: text("Seat label, as used in requests and bookings", "E5"),
		tier: text("Id of the seat's tier", "standard"),
		kind: oneOf(SEAT_KINDS, SEAT_KIND),
	},
	CLOSED,
);

const SeatPlanObject = Type.Object(
	{
		id: id("Seat plan id", EXAMPLE_IDS.plan),
		seatCount: Type.Integer({ minimum: 1, description: "Number of seats; gaps are not counted", examples: [100] }),
		tiers: Type.Array(Type.Object({ id: text("Tier id", "standard"), name: text("Name of the tier", "Standard") }, CLOSED), {
			description: "Price classes of seats; each showtime sets the price of each tier",
		}),
		rows: Type.Array(
			Type.Object(
				{
					label: text("Name of the row", "E"),
					...ROW_PLACE,
					seats: Type.Array(
						Type.Unsafe<Static<typeof PlanSeat> | null>({
							anyOf: [PlanSeat, { type: "null" }],
							description: "A seat, or null for a gap such as an aisle",
						}),
						{ description: "Seats and gaps from left to right" },
					),
				},
				CLOSED,
			),
			{
				description:
					"Rows from front to back. The index of a seat is its position in reading order (row by row, left to right), counted " +
					"from 0; gaps (null) are not counted",
			},
		),
	},
	{ ...CLOSED, description: "The seats of an auditorium. A seat plan never changes" },
);
/** Schema of the answer of `GET /plans/{id}`. */
export const SeatPlan = share("SeatPlan", SeatPlanObject);
