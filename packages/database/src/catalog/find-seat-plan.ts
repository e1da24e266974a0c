/** One seat plan. Immutable, so it may be cached for ever. */
import type { SeatPlan, SeatPlanId } from "@holdfast/domain";
import { eq } from "drizzle-orm";
import type { DatabaseWork } from "../connection-budgets.ts";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { seatPlans } from "../schema/index.ts";

/** Who reads a plan: readers of any id, readers of a plan that a booking or showtime names, or a rebuild. */
export type SeatPlanReader = Extract<DatabaseWork, "catalogue" | "bookings" | "rebuilding">;

/** The plan, or null. A large one is a megabyte: keep it. `reader` is the kind of work whose connections it uses. */
export async function findSeatPlan(database: Database, id: SeatPlanId, reader: SeatPlanReader): Promise<SeatPlan | null> {
	const [row] = await readFrom(database, reader, (queries) =>
		queries.select({ layout: seatPlans.layout }).from(seatPlans).where(eq(seatPlans.id, id)),
	);
	return row === undefined ? null : { id, ...row.layout };
}
