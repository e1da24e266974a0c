/** One movie, one auditorium, one start instant, and all that the seat store is opened with. */
import type { AuditoriumId, MovieId, SeatPlanId, ShowtimeId, ShowtimeState, TierPrices } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { check, index, integer, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { auditoriums, seatPlans } from "./auditoriums.ts";
import { instant, writtenAt } from "./columns.ts";
import { movies } from "./movies.ts";

export const showtimes = pgTable(
	"showtimes",
	{
		/** Its last byte is its bucket. */
		id: uuid("id").primaryKey().$type<ShowtimeId>(),
		movieId: uuid("movie_id")
			.notNull()
			.references(() => movies.id)
			.$type<MovieId>(),
		auditoriumId: uuid("auditorium_id")
			.notNull()
			.references(() => auditoriums.id)
			.$type<AuditoriumId>(),
		seatPlanId: uuid("seat_plan_id")
			.notNull()
			.references(() => seatPlans.id)
			.$type<SeatPlanId>(),
		startsAt: instant("starts_at").notNull(),
		endsAt: instant("ends_at").notNull(),
		/** The venue's zone when it was scheduled; kept here so that a list by day needs one table. */
		timeZone: text("time_zone").notNull(),
		/** Minor units of `currency` by tier id. */
		prices: jsonb("prices").notNull().$type<TierPrices>(),
		currency: text("currency").notNull(),
		priceVersion: integer("price_version").notNull().default(1),
		salesOpenAt: instant("sales_open_at").notNull(),
		salesCloseAt: instant("sales_close_at").notNull(),
		state: text("state").notNull().default("open").$type<ShowtimeState>(),
		/** Rises when state, prices or sales window change. */
		showtimeVersion: integer("showtime_version").notNull().default(1),
		/** Rises when it is rescheduled. */
		scheduleVersion: integer("schedule_version").notNull().default(1),
		/** How often it was opened in Redis. An outbox entry written under an older epoch is never settled. */
		redisEpoch: integer("redis_epoch").notNull().default(0),
		/** The bucket's line of history it was last opened under; null: never opened. */
		line: integer("line"),
		createdAt: writtenAt("created_at"),
	},
	(table) => [
		index("showtimes_by_start").on(table.startsAt, table.id),
		index("showtimes_by_movie").on(table.movieId, table.startsAt, table.id),
		index("showtimes_by_auditorium").on(table.auditoriumId, table.startsAt),
		check("showtimes_end_after_start", sql`${table.endsAt} > ${table.startsAt}`),
		check("showtimes_sales_close_after_open", sql`${table.salesCloseAt} >= ${table.salesOpenAt}`),
		check("showtimes_currency_iso_4217", sql`${table.currency} ~ '^[A-Z]{3}$'`),
		check("showtimes_state_known", sql`${table.state} in ('open', 'paused', 'closed', 'cancelled')`),
	],
);
