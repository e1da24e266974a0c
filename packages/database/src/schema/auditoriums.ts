/** The tables of auditoriums and their seat plans. */
import {
	type AuditoriumId,
	CLEANING_MINUTES_DEFAULT,
	CLEANING_MINUTES_MAX,
	type SeatPlanId,
	type SeatPlanLayout,
	type TierPrices,
} from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { boolean, check, index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { instant, rowVersion, writtenAt } from "./columns.ts";

/** One row per auditorium. */
export const auditoriums = pgTable(
	"auditoriums",
	{
		id: uuid("id").primaryKey().$type<AuditoriumId>(),
		name: text("name").notNull(),
		/** The building that the auditorium is in. Both null: not stated. */
		venueName: text("venue_name"),
		venueAddress: text("venue_address"),
		/** IANA name of the venue's time zone (`Europe/London`). The dates of its programme are days in this zone. */
		timeZone: text("time_zone").notNull(),
		/** How long the auditorium stays occupied after the end of a showtime. Counts for showtimes that are scheduled or moved later. */
		cleaningMinutes: integer("cleaning_minutes").notNull().default(CLEANING_MINUTES_DEFAULT),
		/** Local time (`HH:MM`) at which a day of the programme begins. A showtime that starts before it belongs to the day before. */
		dayStartsAt: text("day_starts_at").notNull().default("00:00"),
		/** The currency of every showtime in the auditorium (ISO 4217). */
		currency: text("currency").notNull(),
		/** Prices for a new showtime that states none, in minor units by tier id; null when there are none. */
		defaultPrices: jsonb("default_prices").$type<TierPrices>(),
		/** Labels of the seats that a new showtime keeps off sale. */
		defaultBlocks: text("default_blocks").array().notNull().default([]),
		/** Set when an admin removes the auditorium. Its showtimes and bookings still refer to it. */
		archivedAt: instant("archived_at"),
		version: rowVersion(),
		createdAt: writtenAt("created_at"),
	},
	(table) => [
		check("auditoriums_version_positive", sql`${table.version} > 0`),
		check("auditoriums_cleaning_bounded", sql`${table.cleaningMinutes} between 0 and ${sql.raw(String(CLEANING_MINUTES_MAX))}`),
		check("auditoriums_day_start_is_a_time", sql`${table.dayStartsAt} ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'`),
		check("auditoriums_currency_iso_4217", sql`${table.currency} ~ '^[A-Z]{3}$'`),
	],
);

/**
 * A point of a seat plan: `row` counts rows from 0, front to back, `column` places in the row from 0, gaps counted. Halves are allowed.
 */
export type PlanFocus = { readonly row: number; readonly column: number };

/**
 * One row per seat plan. The layout is immutable, because bookings name seats by their index in the plan. A changed layout is a new row.
 */
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
		/** The point that the best seats are near to, in rows and columns of the layout; null when none was set. */
		focus: jsonb("focus").$type<PlanFocus>(),
		/** Whether new showtimes of the auditorium use this plan. At most one plan of an auditorium is current. */
		isCurrent: boolean("is_current").notNull().default(false),
		version: rowVersion(),
		createdAt: writtenAt("created_at"),
	},
	(table) => [
		index("seat_plans_by_auditorium").on(table.auditoriumId),
		uniqueIndex("seat_plans_one_current").on(table.auditoriumId).where(sql`${table.isCurrent}`),
		check("seat_plans_version_positive", sql`${table.version} > 0`),
		check("seat_plans_seat_count_positive", sql`${table.seatCount} > 0`),
	],
);
