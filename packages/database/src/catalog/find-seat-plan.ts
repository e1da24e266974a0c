/** Reads one seat plan. Seat plans are immutable, so a caller may cache them forever. */
import type { SeatPlan, SeatPlanId } from "@holdfast/domain";
import { eq } from "drizzle-orm";
import type { DatabaseWork } from "../connection-budgets.ts";
import type { Database } from "../create-database.ts";
import { readFrom } from "../run-queries.ts";
import { seatPlans } from "../schema/index.ts";

/** The kind of work that reads a plan: the public catalogue, reads of bookings and showtimes, or a rebuild. */
export type SeatPlanReader = Extract<DatabaseWork, "catalogue" | "bookings" | "rebuilding">;

/** Returns the plan, or null when it does not exist. A large plan is 1 MB: cache it. `reader` selects whose connections are used. */
export async function findSeatPlan(database: Database, id: SeatPlanId, reader: SeatPlanReader): Promise<SeatPlan | null> {
	const [row] = await readFrom(database, reader, (queries) =>
		queries.select({ layout: seatPlans.layout }).from(seatPlans).where(eq(seatPlans.id, id)),
	);
	return row === undefined ? null : { id, ...row.layout };
}
