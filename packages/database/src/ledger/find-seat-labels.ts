/** Labels of the seats of a plan, by index, so that a row of the ledger can be read by a person. */
import { indexSeatPlan, type SeatPlanId } from "@holdfast/domain";
import { inArray } from "drizzle-orm";
import type { Database, Queries } from "../create-database.ts";
import { seatPlans } from "../schema/index.ts";

/** Plans whose labels are kept in memory; the oldest goes first. The largest has 50,000 labels, some 2 MB. */
const PLANS_KEPT_MAX = 64;

/** Labels of the plans that were read before, for each handle. Plans are immutable, so an entry is never out of date. */
const LABELS_BY_DATABASE = new WeakMap<Database, Map<SeatPlanId, readonly string[]>>();

/** Labels of these plans; one that does not exist is missing from the answer. Reads only plans not met before. */
export async function findSeatLabels(
	database: Database,
	queries: Queries,
	planIds: ReadonlySet<SeatPlanId>,
): Promise<ReadonlyMap<SeatPlanId, readonly string[]>> {
	const labelsByPlan = LABELS_BY_DATABASE.get(database) ?? new Map<SeatPlanId, readonly string[]>();
	LABELS_BY_DATABASE.set(database, labelsByPlan);
	const found = new Map<SeatPlanId, readonly string[]>();
	for (const id of planIds) {
		const labels = labelsByPlan.get(id);
		if (labels !== undefined) found.set(id, labels);
	}
	const unmet = [...planIds].filter((id) => !found.has(id));
	if (unmet.length === 0) return found;
	const rows = await queries.select({ id: seatPlans.id, layout: seatPlans.layout }).from(seatPlans).where(inArray(seatPlans.id, unmet));
	for (const { id, layout } of rows) {
		const labels = indexSeatPlan({ id, ...layout }).seats.map((seat) => seat.label);
		found.set(id, labels);
		labelsByPlan.set(id, labels);
		const [oldest] = labelsByPlan.keys();
		if (labelsByPlan.size > PLANS_KEPT_MAX && oldest !== undefined) labelsByPlan.delete(oldest);
	}
	return found;
}
