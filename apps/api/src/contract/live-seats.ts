/** Seats by their index in the plan, for those who draw the plan themselves: the letters, and their changes as they happen. */
import { SEAT_STATUSES, STATUS_LETTERS } from "@holdfast/domain";
import { type Static, Type } from "typebox";
import { EXAMPLE_IDS } from "./examples.ts";
import { CLOSED, id, oneOf, share } from "./share.ts";

const LETTERS = SEAT_STATUSES.map((status) => STATUS_LETTERS[status]);
const LEGEND = SEAT_STATUSES.map((status) => `\`${STATUS_LETTERS[status]}\` ${status}`).join(", ");
const version = (description: string) => Type.Integer({ minimum: 0, description, examples: [1_000_000_007] });

const SeatStatusesObject = Type.Object(
	{
		showtimeId: id("Whose seats these are", EXAMPLE_IDS.showtime),
		planId: id("The seat plan that the letters count in: `GET /plans/{id}`", EXAMPLE_IDS.plan),
		version: version("Rises with each change of a seat"),
		statuses: Type.String({
			pattern: `^[${LETTERS.join("")}]*$`,
			description: `One letter per seat, by seat index: ${LEGEND}`,
			examples: ["AAHHSAAAXA"],
		}),
	},
	{ ...CLOSED, description: "Every seat's status, a letter each" },
);
export const SeatStatuses = share("SeatStatuses", SeatStatusesObject);
export type SeatStatusesBody = Static<typeof SeatStatusesObject>;

const SeatDeltaObject = Type.Object(
	{
		version: version("The map's version with these seats in it; also the event's `id`"),
		seats: Type.Array(
			Type.Unsafe<readonly [index: number, letter: string]>({
				type: "array",
				prefixItems: [Type.Integer({ minimum: 0, description: "Seat index" }), oneOf(LETTERS)],
				minItems: 2,
				maxItems: 2,
				items: false,
			}),
			{ description: `Seats that changed, and their status now: ${LEGEND}` },
		),
	},
	{
		...CLOSED,
		description: "Seats that changed",
		examples: [
			{
				version: 1_000_000_007,
				seats: [
					[3, "H"],
					[4, "H"],
				],
			},
		],
	},
);
export const SeatDelta = share("SeatDelta", SeatDeltaObject);
export type SeatDeltaBody = Static<typeof SeatDeltaObject>;

const SeatResetObject = Type.Object(
	{ version: version("Read a map of this version or a later one") },
	{ ...CLOSED, description: "What was known is known no longer", examples: [{ version: 2_000_000_000 }] },
);
export const SeatReset = share("SeatReset", SeatResetObject);
export type SeatResetBody = Static<typeof SeatResetObject>;
