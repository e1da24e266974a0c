/** Changes what can change of a seat plan: its focus, and whether it is the current plan of its auditorium. */
import type { SeatPlanId } from "@holdfast/domain";
import { and, eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { seatPlans } from "../schema/index.ts";
import { lockAuditorium } from "./admin-auditorium.ts";
import { type AdminSeatPlan, adminSeatPlanColumns, adminSeatPlanOf, type SeatPlanFields } from "./admin-seat-plan.ts";
import { type ChangeRequest, changeResource } from "./change-resource.ts";
import { recordAudit } from "./record-audit.ts";
import { findUnfitDefaults, type UnfitDefaults } from "./refuse-defaults.ts";
import type { ChangeOutcome } from "./version-condition.ts";

/**
 * Changes the plan, raises its version by one and writes one audit row, all or nothing. A plan that becomes current takes the place of the
 * plan that was: that one gets a version and an audit row too. Refused if the default prices or blocks of the auditorium do not fit the
 * plan. Locks the auditorium first, so changes of its plans happen one after the other.
 */
export function updateSeatPlan(
	database: Database,
	id: SeatPlanId,
	request: ChangeRequest<SeatPlanFields & { readonly isCurrent: true }>,
): Promise<ChangeOutcome<AdminSeatPlan> | UnfitDefaults> {
	return writeTo(database, "administration", (queries) =>
		queries.transaction(async (tx) => {
			const [known] = await tx.select({ auditoriumId: seatPlans.auditoriumId }).from(seatPlans).where(eq(seatPlans.id, id));
			const auditorium = known && (await lockAuditorium(tx, known.auditoriumId));
			if (auditorium === undefined) return { outcome: "not_found" };
			const [found] = await tx.select(adminSeatPlanColumns).from(seatPlans).where(eq(seatPlans.id, id)).for("update");
			return changeResource<AdminSeatPlan, SeatPlanFields, UnfitDefaults>(tx, request, {
				action: "plan.updated",
				target: { type: "plan", id },
				found: found && adminSeatPlanOf(found),
				fieldsOf: ({ focus, isCurrent }) => ({ focus, isCurrent }),
				refuse: async ({ isCurrent }) => {
					if (isCurrent !== true || (auditorium.defaultPrices === null && auditorium.defaultBlocks.length === 0)) return null;
					const [row] = await tx.select({ layout: seatPlans.layout }).from(seatPlans).where(eq(seatPlans.id, id));
					return findUnfitDefaults(row === undefined ? null : { id, ...row.layout }, auditorium);
				},
				write: async (after, version) => {
					if (after.isCurrent === true) await replaceCurrentPlan(tx, auditorium.id, request);
					const [row] = await tx
						.update(seatPlans)
						.set({ ...after, version })
						.where(eq(seatPlans.id, id))
						.returning(adminSeatPlanColumns);
					return row && adminSeatPlanOf(row);
				},
			});
		}),
	);
}

/** Makes the current plan of the auditorium, if it has one, a plan that is not current. The unique index allows one at any time. */
async function replaceCurrentPlan(
	tx: Queries,
	auditoriumId: AdminSeatPlan["auditoriumId"],
	{ command }: Pick<ChangeRequest<SeatPlanFields>, "command">,
): Promise<void> {
	const replaced = await tx
		.update(seatPlans)
		.set({ isCurrent: false, version: sql`${seatPlans.version} + 1` })
		.where(and(eq(seatPlans.auditoriumId, auditoriumId), seatPlans.isCurrent))
		.returning({ id: seatPlans.id });
	const records = replaced.map(({ id }) => ({
		action: "plan.updated",
		target: { type: "plan" as const, id },
		before: { isCurrent: true },
		after: { isCurrent: false },
	}));
	await recordAudit(tx, command, records);
}
