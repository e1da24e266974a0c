/** The wire schemas of live seats: the status letters of a whole showtime, and the events of the seat stream. */
import { SEAT_STATUSES, STATUS_LETTERS } from "@holdfast/domain";
import { type Static, Type } from "typebox";
import { EXAMPLE_IDS } from "./examples.ts";
import { CLOSED, id, oneOf, share } from "./share.ts";

const LETTERS = SEAT_STATUSES.map((status) => STATUS_LETTERS[status]);
const LEGEND = `${SEAT_STATUSES.map((status) => `\`${STATUS_LETTERS[status]}\` ${status}`).join(", ")}. Treat every letter but \`A\` as not available`;
const version = (description: string) => Type.Integer({ minimum: 0, description, examples: [1_000_000_007] });

const SeatStatusesObject = Type.Object(
	{
		showtimeId: id("Showtime that the seats belong to", EXAMPLE_IDS.showtime),
		planId: id("Seat plan that defines the seat indexes: `GET /api/v1/plans/{id}`", EXAMPLE_IDS.plan),
		version: version("Increases with each change of a seat. Send it as `since` to the seat stream"),
		statuses: Type.String({
			pattern: `^[${LETTERS.join("")}]*$`,
			description: `One letter per seat, in the order of the seat indexes: ${LEGEND}`,
			examples: ["AAHHSAAAXA"],
		}),
	},
	{ ...CLOSED, description: "The status of every seat, as one letter each" },
);
/** Schema of the answer of `view=status`. */
export const SeatStatuses = share("SeatStatuses", SeatStatusesObject);
/** The JSON of the answer of `view=status`. */
export type SeatStatusesBody = Static<typeof SeatStatusesObject>;

const SeatDeltaObject = Type.Object(
	{
		version: version("Version of the statuses that include these changes; also the `id` of the event"),
		seats: Type.Array(
			Type.Unsafe<readonly [index: number, letter: string]>({
				type: "array",
				prefixItems: [Type.Integer({ minimum: 0, description: "Seat index" }), oneOf(LETTERS)],
				minItems: 2,
				maxItems: 2,
				items: false,
			}),
			{ description: `Each seat that changed, as \`[index, letter]\` with its new status: ${LEGEND}` },
		),
	},
	{
		...CLOSED,
		description: "Seats whose status changed",
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
/** Schema of the `data` of an event that reports changed seats. */
export const SeatDelta = share("SeatDelta", SeatDeltaObject);
/** The JSON of an event that reports changed seats. */
export type SeatDeltaBody = Static<typeof SeatDeltaObject>;

const SeatResetObject = Type.Object(
	{ version: version("If the statuses that you read have a lower version, read them again. Also the `id` of the event") },
	{
		...CLOSED,
		description: "The server does not have all changes after your version: read all statuses again",
		examples: [{ version: 2_000_000_000 }],
	},
);
/** Schema of the `data` of a `reset` event. */
export const SeatReset = share("SeatReset", SeatResetObject);
/** The JSON of a `reset` event. */
export type SeatResetBody = Static<typeof SeatResetObject>;
