/** The wire schema of the health report. */
import { type Static, Type } from "typebox";
import { CLOSED, oneOf, share } from "./share.ts";

const ms = Type.Integer({ description: "Duration of the check in milliseconds", examples: [1] });
const Check = (description: string) =>
	Type.Object({ status: oneOf(["ok", "failed"], "Result of the check"), ms }, { ...CLOSED, description });

const nullableInteger = (description: string, example: number) =>
	Type.Unsafe<number | null>({ type: ["integer", "null"], description, examples: [example] });

const HealthObject = Type.Object(
	{
		status: oneOf(
			["ok", "degraded", "down"],
			"`ok`: everything works. `degraded`: bookings work, but are not written to the ledger at present. `down`: bookings do not work",
		),
		checks: Type.Object(
			{
				redis: Type.Object(
					{
						status: oneOf(["ok", "failed"], "`failed`: Redis does not answer, or is a replica"),
						ms,
						role: oneOf(["primary", "replica", "unknown"], "Replication role that Redis reports"),
					},
					{ ...CLOSED, description: "Redis, which stores the live seats" },
				),
				writes: Check("Whether Redis accepts writes, tested with a real write once a second"),
				durability: Type.Object(
					{
						status: oneOf(
							["ok", "failed"],
							"`failed`: the Redis configuration can lose acknowledged writes, so no seats are sold. The log of the API names the setting",
						),
					},
					{ ...CLOSED, description: "Whether acknowledged bookings survive a crash of Redis" },
				),
				replicas: Type.Object(
					{
						status: oneOf(["ok", "failed"], "`failed`: fewer replicas than `ACK_LEVEL` requires, so no confirm is acknowledged"),
						online: nullableInteger("Connected replicas; null if unknown", 1),
						needed: Type.Integer({ description: "Replicas that the setting `ACK_LEVEL` requires", examples: [0] }),
					},
					{ ...CLOSED, description: "Redis replicas, which keep copies of acknowledged bookings" },
				),
				postgres: Type.Object(
					{
						status: oneOf(["ok", "failed"], "`failed`: Postgres does not answer, or is read-only"),
						ms,
						isWritable: Type.Unsafe<boolean | null>({
							type: ["boolean", "null"],
							description: "Whether Postgres accepts writes; null if unknown",
							examples: [true],
						}),
					},
					{ ...CLOSED, description: "Postgres, which stores the ledger of bookings" },
				),
				sweeper: Type.Object(
					{
						status: oneOf(["ok", "failed"], "`failed`: the sweeper does not report, or is too far behind"),
						ms,
						settleLagMs: nullableInteger(
							"Age in milliseconds of the oldest event that is not in the ledger yet; 0 if the ledger has all events, null if unknown",
							120,
						),
						limitMs: Type.Integer({ description: "A greater `settleLagMs` fails this check", examples: [30_000] }),
					},
					{ ...CLOSED, description: "The sweeper, the process that writes confirmed bookings to the ledger" },
				),
				outbox: Type.Object(
					{
						status: oneOf(["ok", "failed"], "`failed`: an outbox has reached its limit, or Redis does not answer"),
						ms,
						depth: nullableInteger("Entries that wait in the fullest outbox; null if unknown", 3),
						limit: Type.Integer({ description: "At this depth, confirm and cancel are answered `busy`", examples: [200_000] }),
					},
					{ ...CLOSED, description: "The outboxes: events that wait to be written to the ledger" },
				),
			},
			{ ...CLOSED, description: "Result of each check" },
		),
	},
	{ ...CLOSED, description: "Health of the components that bookings need" },
);

/** Schema of the answer of `GET /health`. */
export const Health = share("Health", HealthObject);
/** The JSON of the health report. */
export type HealthBody = Static<typeof HealthObject>;
