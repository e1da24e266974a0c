/** Lists the seat plans of an auditorium, and reads one for staff. */
import { type AuditoriumId, parseSeatPlanId, type SeatPlanId, type SeatPlanLayout } from "@holdfast/domain";
import { and, desc, eq, type SQL, sql } from "drizzle-orm";
import type { Database } from "../create-database.ts";
import { isInstantKey, type PageOutcome, type PageRequest, pageOf, parseCursor } from "../read-page.ts";
import { readFrom } from "../run-queries.ts";
import { auditoriums, seatPlans } from "../schema/index.ts";
import { type AdminSeatPlan, adminSeatPlanColumns, adminSeatPlanOf } from "./admin-seat-plan.ts";

/** Selects the plans of one auditorium. `isCurrent`: only the current plan, or only the others; absent: both. */
export type ListSeatPlansRequest = PageRequest & { readonly auditoriumId: AuditoriumId; readonly isCurrent?: boolean | undefined };

/** Returns a page of plans, newest first, `bad_cursor`, or `not_found` for an auditorium that does not exist. Changes nothing. */
export async function listSeatPlans(
	database: Database,
	{ auditoriumId, isCurrent, limit, cursor }: ListSeatPlansRequest,
): Promise<PageOutcome<AdminSeatPlan> | { readonly outcome: "not_found" }> {
	const conditions: SQL[] = [eq(seatPlans.auditoriumId, auditoriumId)];
	if (isCurrent !== undefined) conditions.push(eq(seatPlans.isCurrent, isCurrent));
	if (cursor !== undefined) {
		const before = parseCursor(cursor, parseSeatPlanId, isInstantKey);
		if (before === null) return { outcome: "bad_cursor" };
		const createdAt = new Date(Number(before.key)).toISOString();
		conditions.push(sql`(${seatPlans.createdAt}, ${seatPlans.id}) < (${createdAt}::timestamptz, ${before.id}::uuid)`);
	}
	return readFrom(database, "administration", async (queries) => {
		const rows = await queries
			.select(adminSeatPlanColumns)
			.from(seatPlans)
			.where(and(...conditions))
			.orderBy(desc(seatPlans.createdAt), desc(seatPlans.id))
			.limit(limit + 1);
		if (rows.length === 0) {
			const known = await queries.select({ id: auditoriums.id }).from(auditoriums).where(eq(auditoriums.id, auditoriumId));
			if (known.length === 0) return { outcome: "not_found" };
		}
		return pageOf(rows.map(adminSeatPlanOf), limit, ({ createdAt, id }) => ({ key: String(createdAt), id }));
	});
}

/** Returns the plan with its layout, or null when it does not exist. */
export async function findAdminSeatPlan(
	database: Database,
	id: SeatPlanId,
): Promise<{ readonly plan: AdminSeatPlan; readonly layout: SeatPlanLayout } | null> {
	const [row] = await readFrom(database, "administration", (queries) =>
		queries
			.select({ ...adminSeatPlanColumns, tiers: sql<[]>`null`, layout: seatPlans.layout })
			.from(seatPlans)
			.where(eq(seatPlans.id, id)),
	);
	if (row === undefined) return null;
	const { layout, ...plan } = row;
	return { plan: adminSeatPlanOf({ ...plan, tiers: layout.tiers }), layout };
}
