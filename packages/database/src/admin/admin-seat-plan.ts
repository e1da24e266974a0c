/** The type and the columns of a seat plan as staff see it, without its rows. */
import type { AuditoriumId, PlanTier, SeatPlanId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { type PlanFocus, seatPlans } from "../schema/index.ts";

/** The fields of a seat plan that staff can change. The layout never changes. */
export type SeatPlanFields = {
	/** The point that the best seats are near to; null: none. */
	readonly focus: PlanFocus | null;
	/** Whether new showtimes of the auditorium use this plan. */
	readonly isCurrent: boolean;
};

/** A seat plan without its rows: a plan of 50,000 seats has megabytes of them. */
export type AdminSeatPlan = SeatPlanFields & {
	readonly id: SeatPlanId;
	readonly auditoriumId: AuditoriumId;
	readonly seatCount: number;
	readonly tiers: readonly PlanTier[];
	/** Counts the changes from 1. */
	readonly version: number;
	/** Epoch ms. */
	readonly createdAt: number;
};

/** The columns to select for an `AdminSeatPlan`, to be mapped by `adminSeatPlanOf`. */
export const adminSeatPlanColumns = {
	id: seatPlans.id,
	auditoriumId: seatPlans.auditoriumId,
	seatCount: seatPlans.seatCount,
	tiers: sql<PlanTier[]>`${seatPlans.layout} -> 'tiers'`,
	focus: seatPlans.focus,
	isCurrent: seatPlans.isCurrent,
	version: seatPlans.version,
	createdAt: seatPlans.createdAt,
};

type AdminSeatPlanRow = Omit<AdminSeatPlan, "createdAt"> & { readonly createdAt: Date };

/** Maps a row of `adminSeatPlanColumns`. */
export const adminSeatPlanOf = (row: AdminSeatPlanRow): AdminSeatPlan => ({ ...row, createdAt: row.createdAt.getTime() });
