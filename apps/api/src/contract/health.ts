/** Health on the wire. */
import { type Static, Type } from "typebox";
import { CLOSED, oneOf, share } from "./share.ts";

const ms = Type.Integer({ description: "How long the look took", examples: [1] });
const Check = (description: string) => Type.Object({ status: oneOf(["ok", "failed"], "How it is"), ms }, { ...CLOSED, description });

const HealthObject = Type.Object(
	{
		status: oneOf(
			["ok", "degraded", "down"],
			"`degraded`: bookings work, but only Redis knows of them for now. `down`: bookings do not work.",
		),
		checks: Type.Object(
			{
				redis: Check("Where seats are held"),
				durability: Type.Object(
					{ status: oneOf(["ok", "failed"], "`failed`: Redis does not keep what it acknowledges, so nothing is sold; the log says why") },
					{ ...CLOSED, description: "Whether an answer outlives a crash" },
				),
				postgres: Check("Where bookings are recorded"),
				sweeper: Check("Who records them"),
				outbox: Type.Object(
					{
						status: oneOf(["ok", "failed"], "How it is"),
						ms,
						depth: Type.Unsafe<number | null>({
							type: ["integer", "null"],
							description: "Entries waiting in the fullest bucket; null when unknown",
							examples: [3],
						}),
						limit: Type.Integer({ description: "At this depth confirm and cancel answer `busy`", examples: [200_000] }),
					},
					{ ...CLOSED, description: "What waits to be recorded" },
				),
			},
			{ ...CLOSED, description: "Look by look" },
		),
	},
	{ ...CLOSED, description: "How the parts are that bookings need" },
);

export const Health = share("Health", HealthObject);
export type HealthBody = Static<typeof HealthObject>;
