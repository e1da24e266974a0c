/** The tables of showtimes and their events. A showtime's row has everything that the seat store needs to open the showtime. */
import {
	type AuditoriumId,
	type MovieId,
	PRICE_MAX,
	type SeatPlanId,
	type ShowtimeEventType,
	type ShowtimeId,
	type ShowtimeState,
	type TierPrices,
	type UserId,
} from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { bigint, check, index, integer, jsonb, pgTable, primaryKey, smallint, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { auditoriums, seatPlans } from "./auditoriums.ts";
import { instant, writtenAt } from "./columns.ts";
import { movies } from "./movies.ts";

/**
 * A JSON path that matches a price which is not an integer from 0 to `PRICE_MAX`. It is `strict` because the lax mode would unwrap an
 * array and check its elements.
 */
const BAD_PRICE = sql.raw(`'strict $.* ? (!(@.type() == "number" && @ >= 0 && @ <= ${PRICE_MAX} && @ % 1 == 0))'`);

/**
 * One row per showtime. After the insert, state, prices, sales window, blocked seats and schedule change only through outbox events: an
 * admin makes these changes in the seat store.
 */
export const showtimes = pgTable(
	"showtimes",
	{
		/** The last byte is the bucket. */
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
		/**
		 * When the auditorium is free again: the end, and the pause for cleaning as of the scheduling. The exclusion constraint
		 * `showtimes_do_not_overlap` (in the migration, because Drizzle knows no such constraint) keeps the ranges from start to here of one
		 * auditorium apart, cancelled showtimes aside.
		 */
		occupiedUntil: instant("occupied_until").notNull(),
		/** The venue's time zone when the showtime was scheduled. Repeated here so that a list by date needs one table. */
		timeZone: text("time_zone").notNull(),
		/** Prices in minor units of `currency`, by tier id. */
		prices: jsonb("prices").notNull().$type<TierPrices>(),
		currency: text("currency").notNull(),
		priceVersion: integer("price_version").notNull().default(1),
		salesOpenAt: instant("sales_open_at").notNull(),
		salesCloseAt: instant("sales_close_at").notNull(),
		state: text("state").notNull().default("open").$type<ShowtimeState>(),
		/** Seat indexes that an admin keeps off sale, ascending. */
		blockedSeats: integer("blocked_seats").array().notNull().default([]),
		/** Increases when state, prices, sales window or blocked seats change. */
		showtimeVersion: integer("showtime_version").notNull().default(1),
		/** Increases when the showtime is rescheduled. */
		scheduleVersion: integer("schedule_version").notNull().default(1),
		/** How often the showtime was opened in Redis. An outbox entry that was written under an older epoch is never settled. */
		redisEpoch: integer("redis_epoch").notNull().default(0),
		/** The timeline of the bucket when the showtime was last opened; null when it was never opened. */
		timeline: integer("timeline"),
		createdAt: writtenAt("created_at"),
	},
	(table) => [
		index("showtimes_by_start").on(table.startsAt, table.id),
		index("showtimes_by_end").on(table.endsAt),
		index("showtimes_by_movie").on(table.movieId, table.startsAt, table.id),
		index("showtimes_by_auditorium").on(table.auditoriumId, table.startsAt),
		check("showtimes_end_after_start", sql`${table.endsAt} > ${table.startsAt}`),
		check("showtimes_occupied_until_end", sql`${table.occupiedUntil} >= ${table.endsAt}`),
		check("showtimes_sales_close_after_open", sql`${table.salesCloseAt} >= ${table.salesOpenAt}`),
		check(
			"showtimes_prices_bounded",
			sql`jsonb_typeof(${table.prices}) = 'object' and not jsonb_path_exists(${table.prices}, ${BAD_PRICE})`,
		),
		check("showtimes_currency_iso_4217", sql`${table.currency} ~ '^[A-Z]{3}$'`),
		check("showtimes_state_known", sql`${table.state} in ('open', 'paused', 'closed', 'cancelled')`),
	],
);

/** One row per change of a showtime. A row is never updated, except that a change replaces its own restatement by a rebuild. */
export const showtimeEvents = pgTable(
	"showtime_events",
	{
		showtimeId: uuid("showtime_id")
			.notNull()
			.references(() => showtimes.id)
			.$type<ShowtimeId>(),
		/** As `seq` of a booking event; both kinds of event share one sequence. Not unique: a failover may repeat numbers. */
		seq: bigint("seq", { mode: "number" }).notNull(),
		type: text("type").notNull().$type<ShowtimeEventType>(),
		bucket: smallint("bucket").notNull(),
		showtimeVersion: integer("showtime_version").notNull(),
		scheduleVersion: integer("schedule_version").notNull(),
		/** When the change happened, by the Redis clock. */
		at: instant("at").notNull(),
		/** The whole event, as it was received. */
		payload: jsonb("payload").notNull().$type<Record<string, unknown>>(),
		recordedAt: writtenAt("recorded_at"),
	},
	(table) => [primaryKey({ name: "showtime_events_once", columns: [table.showtimeId, table.showtimeVersion, table.scheduleVersion] })],
);

/**
 * One row per bulk command that scheduled showtimes, for a day: a repeat with the same `Idempotency-Key` gets the same answer. Older rows
 * are deleted with the next bulk command.
 */
export const showtimeBatches = pgTable(
	"showtime_batches",
	{
		/** The target of the audit row of the command. */
		id: uuid("id").primaryKey(),
		actor: uuid("actor").notNull().$type<UserId>(),
		/** Null when the request had none. */
		idempotencyKey: text("idempotency_key"),
		/** SHA-256 of the request body: the same key with another body is refused. */
		requestHash: text("request_hash").notNull(),
		/** The answer, as it was sent. */
		answer: jsonb("answer").notNull().$type<Record<string, unknown>>(),
		createdAt: writtenAt("created_at"),
	},
	(table) => [
		uniqueIndex("showtime_batches_once").on(table.actor, table.idempotencyKey),
		index("showtime_batches_by_age").on(table.createdAt),
	],
);
