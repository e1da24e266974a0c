/** Converts a seat plan to its response body for staff. */
import type { AdminSeatPlan } from "@holdfast/database";
import type { AdminSeatPlanBody } from "../contract/admin-seat-plan.ts";
import { toInstant } from "../contract/share.ts";

/** Returns the body of a plan without its rows. */
export const presentSeatPlan = ({ tiers, createdAt, ...plan }: AdminSeatPlan): AdminSeatPlanBody => ({
	...plan,
	tiers: [...tiers],
	createdAt: toInstant(createdAt),
});
