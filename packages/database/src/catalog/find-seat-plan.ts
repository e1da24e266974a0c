/** One seat plan. Immutable, so it may be cached for ever. */
import type { SeatPlan, SeatPlanId } from "@holdfast/domain";
import { eq } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { seatPlans } from "../schema/index.ts";

/** The plan, or null. A large one is a megabyte: keep it. */
export async function findSeatPlan(database: Database, id: SeatPlanId): Promise<SeatPlan | null> {
	const [row] = await database.run((queries) => queries.select({ layout: seatPlans.layout }).from(seatPlans).where(eq(seatPlans.id, id)));
	return row === undefined ? null : { id, ...row.layout };
}
