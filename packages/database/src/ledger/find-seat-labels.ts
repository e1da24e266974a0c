/** Reads the seat labels of seat plans. Settling stores labels beside seat indexes, for tickets and for people who read the ledger. */
import { indexSeatPlan, type SeatPlanId } from "@holdfast/domain";
import { inArray } from "drizzle-orm";
import type { Database, Queries } from "../create-database.ts";
import { seatPlans } from "../schema/index.ts";

/** The number of plans in the cache; the oldest is evicted first. The largest plan has 50,000 labels, about 2 MB. */
const PLANS_KEPT_MAX = 64;

/** The cached labels, for each handle. Seat plans are immutable, so a cached plan never becomes stale. */
const LABELS_BY_DATABASE = new WeakMap<Database, Map<SeatPlanId, readonly string[]>>();

/** Returns the labels of these plans by seat index. A plan that does not exist is missing from the result. Queries only uncached plans. */
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
	const uncached = [...planIds].filter((id) => !found.has(id));
	if (uncached.length === 0) return found;
	const rows = await queries.select({ id: seatPlans.id, layout: seatPlans.layout }).from(seatPlans).where(inArray(seatPlans.id, uncached));
	for (const { id, layout } of rows) {
		const labels = indexSeatPlan({ id, ...layout }).seats.map((seat) => seat.label);
		found.set(id, labels);
		labelsByPlan.set(id, labels);
		const [oldest] = labelsByPlan.keys();
		if (labelsByPlan.size > PLANS_KEPT_MAX && oldest !== undefined) labelsByPlan.delete(oldest);
	}
	return found;
}
