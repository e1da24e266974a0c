/** Health on the wire. */
import { type Static, Type } from "typebox";
import { CLOSED, oneOf, share } from "./share.ts";

const ms = Type.Integer({ description: "How long the look took", examples: [1] });
const Check = (description: string) => Type.Object({ status: oneOf(["ok", "failed"], "How it is"), ms }, { ...CLOSED, description });

const nullableInteger = (description: string, example: number) =>
	Type.Unsafe<number | null>({ type: ["integer", "null"], description, examples: [example] });

const HealthObject = Type.Object(
	{
		status: oneOf(
			["ok", "degraded", "down"],
			"`degraded`: bookings work, but only Redis knows of them for now. `down`: bookings do not work.",
		),
		checks: Type.Object(
			{
				redis: Type.Object(
					{
						status: oneOf(["ok", "failed"], "`failed`: it does not answer, or it is a replica"),
						ms,
						role: oneOf(["primary", "replica", "unknown"], "What it says it is"),
					},
					{ ...CLOSED, description: "Where seats are held" },
				),
				writes: Check("Whether Redis takes writes: a real one each second"),
				durability: Type.Object(
					{ status: oneOf(["ok", "failed"], "`failed`: Redis does not keep what it acknowledges, so nothing is sold; the log says why") },
					{ ...CLOSED, description: "Whether an answer outlives a crash" },
				),
				replicas: Type.Object(
					{
						status: oneOf(["ok", "failed"], "`failed`: fewer than `ACK_LEVEL` needs, so no confirm is acknowledged"),
						online: nullableInteger("Replicas that follow; null when unknown", 1),
						needed: Type.Integer({ description: "Replicas that `ACK_LEVEL` needs", examples: [0] }),
					},
					{ ...CLOSED, description: "Who keeps a copy of what is acknowledged" },
				),
				postgres: Type.Object(
					{
						status: oneOf(["ok", "failed"], "`failed`: it does not answer, or it is read-only"),
						ms,
						isWritable: Type.Unsafe<boolean | null>({
							type: ["boolean", "null"],
							description: "Whether it takes writes; null when unknown",
							examples: [true],
						}),
					},
					{ ...CLOSED, description: "Where bookings are recorded" },
				),
				sweeper: Type.Object(
					{
						status: oneOf(["ok", "failed"], "`failed`: it is not heard, or too far behind"),
						ms,
						settleLagMs: nullableInteger("Age of the oldest event that is not recorded; 0 when all are, null when unknown", 120),
						limitMs: Type.Integer({ description: "Older than this it is too far behind", examples: [30_000] }),
					},
					{ ...CLOSED, description: "Who records them" },
				),
				outbox: Type.Object(
					{
						status: oneOf(["ok", "failed"], "How it is"),
						ms,
						depth: nullableInteger("Entries waiting in the fullest bucket; null when unknown", 3),
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
