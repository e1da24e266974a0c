/** Adds a seat plan to an auditorium. */
import { type AuditoriumId, newSeatPlanId, type SeatPlanLayout, type StaffCommand } from "@holdfast/domain";
import { eq } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { type PlanFocus, seatPlans } from "../schema/index.ts";
import { lockAuditorium } from "./admin-auditorium.ts";
import { type AdminSeatPlan, adminSeatPlanColumns, adminSeatPlanOf } from "./admin-seat-plan.ts";
import { recordAudit } from "./record-audit.ts";

/** A plan to add. `layout` has been validated by `findLayoutErrors`. */
export type NewSeatPlan = {
	readonly layout: SeatPlanLayout;
	readonly seatCount: number;
	readonly focus: PlanFocus | null;
};

/**
 * Inserts the plan and its audit row, which has a summary instead of the layout. The first plan of an auditorium becomes its current plan.
 * A second call inserts a second plan. `not_found`: the auditorium does not exist.
 */
export function createSeatPlan(
	database: Database,
	auditoriumId: AuditoriumId,
	{ layout, seatCount, focus }: NewSeatPlan,
	command: StaffCommand,
): Promise<{ readonly outcome: "created"; readonly row: AdminSeatPlan } | { readonly outcome: "not_found" }> {
	const id = newSeatPlanId();
	return writeTo(database, "administration", (queries) =>
		queries.transaction(async (tx) => {
			if ((await lockAuditorium(tx, auditoriumId)) === undefined) return { outcome: "not_found" };
			const earlier = await tx.select({ id: seatPlans.id }).from(seatPlans).where(eq(seatPlans.auditoriumId, auditoriumId)).limit(1);
			const isCurrent = earlier.length === 0;
			const [row] = await tx
				.insert(seatPlans)
				.values({ id, auditoriumId, layout, seatCount, focus, isCurrent })
				.returning(adminSeatPlanColumns);
			if (row === undefined) throw new Error("the insert of a seat plan returned no row");
			const after = { auditoriumId, seatCount, tiers: layout.tiers, focus, isCurrent };
			await recordAudit(tx, command, [{ action: "plan.created", target: { type: "plan", id }, before: null, after }]);
			return { outcome: "created", row: adminSeatPlanOf(row) };
		}),
	);
}
