/** The tables of auditoriums and their seat plans. */
import type { AuditoriumId, SeatPlanId, SeatPlanLayout } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { check, index, integer, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { writtenAt } from "./columns.ts";

/** One row per auditorium. */
export const auditoriums = pgTable("auditoriums", {
	id: uuid("id").primaryKey().$type<AuditoriumId>(),
	name: text("name").notNull(),
	/** IANA name of the venue's time zone (`Europe/London`). The dates of its programme are days in this zone. */
	timeZone: text("time_zone").notNull(),
	createdAt: writtenAt("created_at"),
});

/** One row per seat plan. Immutable, because bookings name seats by their index in the plan. A changed layout is a new row. */
export const seatPlans = pgTable(
	"seat_plans",
	{
		id: uuid("id").primaryKey().$type<SeatPlanId>(),
		auditoriumId: uuid("auditorium_id")
			.notNull()
			.references(() => auditoriums.id)
			.$type<AuditoriumId>(),
		/** Validated by `findLayoutErrors` before it is written, so reads do not validate it again. */
		layout: jsonb("layout").notNull().$type<SeatPlanLayout>(),
		seatCount: integer("seat_count").notNull(),
		createdAt: writtenAt("created_at"),
	},
	(table) => [
		index("seat_plans_by_auditorium").on(table.auditoriumId),
		check("seat_plans_seat_count_positive", sql`${table.seatCount} > 0`),
	],
);
