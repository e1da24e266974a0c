/** Health on the wire. */
import { type Static, Type } from "typebox";
import { CLOSED, oneOf, share } from "./share.ts";

const Check = Type.Object({ status: oneOf(["ok", "failed"]), ms: Type.Integer({ description: "How long the look took" }) }, CLOSED);

const HealthObject = Type.Object(
	{
		status: oneOf(
			["ok", "degraded", "down"],
			"`degraded`: bookings work, but only Redis knows of them for now. `down`: bookings do not work.",
		),
		checks: Type.Object(
			{
				redis: Check,
				durability: Type.Object(
					{ status: oneOf(["ok", "failed"], "`failed`: Redis does not keep what it acknowledges, so nothing is sold; the log says why") },
					CLOSED,
				),
				postgres: Check,
				sweeper: Check,
				outbox: Type.Object(
					{
						status: oneOf(["ok", "failed"]),
						ms: Type.Integer(),
						depth: Type.Unsafe<number | null>({
							type: ["integer", "null"],
							description: "Entries waiting in the fullest bucket; null when unknown",
						}),
						limit: Type.Integer({ description: "At this depth confirm and cancel answer `busy`" }),
					},
					CLOSED,
				),
			},
			CLOSED,
		),
	},
	CLOSED,
);

export const Health = share("Health", HealthObject);
export type HealthBody = Static<typeof HealthObject>;
