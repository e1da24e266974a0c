/** Rooms and their seat plans. */
import type { AuditoriumId, SeatPlanId, SeatPlanLayout } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { check, index, integer, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { writtenAt } from "./columns.ts";

export const auditoriums = pgTable("auditoriums", {
	id: uuid("id").primaryKey().$type<AuditoriumId>(),
	name: text("name").notNull(),
	/** IANA name of the venue's zone (`Europe/London`): a "day" of its programme is a day there. */
	timeZone: text("time_zone").notNull(),
	createdAt: writtenAt("created_at"),
});

/** Immutable: bookings name seats by their index in it. Another layout is another row. */
export const seatPlans = pgTable(
	"seat_plans",
	{
		id: uuid("id").primaryKey().$type<SeatPlanId>(),
		auditoriumId: uuid("auditorium_id")
			.notNull()
			.references(() => auditoriums.id)
			.$type<AuditoriumId>(),
		/** Judged by `findLayoutError` before it is written, so it is read back without being judged again. */
		layout: jsonb("layout").notNull().$type<SeatPlanLayout>(),
		seatCount: integer("seat_count").notNull(),
		createdAt: writtenAt("created_at"),
	},
	(table) => [
		index("seat_plans_by_auditorium").on(table.auditoriumId),
		check("seat_plans_seat_count_positive", sql`${table.seatCount} > 0`),
	],
);
