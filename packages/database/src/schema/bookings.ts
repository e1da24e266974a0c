/**
 * The ledger: every booking that was ever confirmed, its seats and its history. One writer, the sweeper
 * (`settle-batch.ts`), so nothing here is updated by a request.
 */
import type { BookingId, BookingState, SeatPlanId, ShowtimeId, UserId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import {
	type AnyPgColumn,
	bigint,
	check,
	index,
	integer,
	jsonb,
	pgTable,
	primaryKey,
	smallint,
	text,
	uniqueIndex,
	uuid,
} from "drizzle-orm/pg-core";
import { instant, writtenAt } from "./columns.ts";
import { showtimes } from "./showtimes.ts";
import { users } from "./users.ts";

/**
 * From 0 to the largest integer that a JavaScript number holds exactly. Wider than `BOOKING_AMOUNT_MAX`: a booking that was confirmed
 * must be recorded, whatever it was sold at, as long as its amount can be read back.
 */
const isReadableAmount = (amount: AnyPgColumn) => sql`${amount} between 0 and ${sql.raw(String(Number.MAX_SAFE_INTEGER))}`;

export const bookings = pgTable(
	"bookings",
	{
		/** Drawn by the seat store; its last byte is the bucket of its showtime. */
		id: uuid("id").primaryKey().$type<BookingId>(),
		userId: uuid("user_id")
			.notNull()
			.references(() => users.id)
			.$type<UserId>(),
		showtimeId: uuid("showtime_id")
			.notNull()
			.references(() => showtimes.id)
			.$type<ShowtimeId>(),
		/** No reference: settling has just read the plan's labels, and a third check per booking costs a tenth of a batch. */
		seatPlanId: uuid("seat_plan_id").notNull().$type<SeatPlanId>(),
		/** CONFIRMED, CANCELLED, or CONFLICT: a seat of it had another owner, so it owns none. */
		state: text("state").notNull().$type<BookingState>(),
		/** Never falls: an event with a lower or the same version changes nothing. */
		version: integer("version").notNull(),
		/** Minor units of `currency`. */
		amount: bigint("amount", { mode: "number" }).notNull(),
		currency: text("currency").notNull(),
		/** The four instants below are of the Redis clock, which alone judges a hold. */
		createdAt: instant("created_at").notNull(),
		expiresAt: instant("expires_at").notNull(),
		confirmedAt: instant("confirmed_at").notNull(),
		cancelledAt: instant("cancelled_at"),
		/** The showtime's schedule version the booking was confirmed under. */
		scheduleVersion: integer("schedule_version").notNull(),
		/** When this version was settled, by the clock of Postgres. */
		recordedAt: writtenAt("recorded_at"),
	},
	(table) => [
		// Ids are UUIDv7, so this is a user's bookings by the time they were placed.
		index("bookings_by_user").on(table.userId, table.id.desc()),
		index("bookings_by_showtime").on(table.showtimeId),
		check("bookings_state_known", sql`${table.state} in ('CONFIRMED', 'CANCELLED', 'CONFLICT')`),
		check("bookings_version_positive", sql`${table.version} > 0`),
		check("bookings_amount_readable", isReadableAmount(table.amount)),
		check("bookings_currency_iso_4217", sql`${table.currency} ~ '^[A-Z]{3}$'`),
	],
);

export const bookingSeats = pgTable(
	"booking_seats",
	{
		bookingId: uuid("booking_id")
			.notNull()
			.references(() => bookings.id)
			.$type<BookingId>(),
		/** Its booking's showtime, repeated so that one index can say "one owner per seat". */
		showtimeId: uuid("showtime_id").notNull().$type<ShowtimeId>(),
		/** Index in the seat plan. */
		seat: integer("seat").notNull(),
		/** What the ticket says (`A1`); for people, never a key. */
		label: text("label").notNull(),
		/** What the seat costs, in minor units of the booking's currency. Those of a booking add up to its amount. */
		amount: bigint("amount", { mode: "number" }).notNull(),
		acquiredAt: instant("acquired_at").notNull(),
		/** Null while the booking owns the seat. Not held to be after `acquired_at`: a clock may step back, and the seat must go free all the same. */
		releasedAt: instant("released_at"),
	},
	(table) => [
		primaryKey({ columns: [table.bookingId, table.seat] }),
		uniqueIndex("booking_seats_one_active_owner").on(table.showtimeId, table.seat).where(sql`${table.releasedAt} is null`),
		check("booking_seats_seat_not_negative", sql`${table.seat} >= 0`),
		check("booking_seats_amount_readable", isReadableAmount(table.amount)),
	],
);

/** What an event in the ledger may be: those of the outbox, and the one that the ledger itself finds. */
export const LEDGER_EVENT_TYPES = ["booking.confirmed", "booking.cancelled", "booking.conflict"] as const;
export type LedgerEventType = (typeof LEDGER_EVENT_TYPES)[number];

/** Every transition of every booking, once; never updated. */
export const bookingEvents = pgTable(
	"booking_events",
	{
		/** No reference to `bookings`: an event is written first, in the same transaction. */
		bookingId: uuid("booking_id").notNull().$type<BookingId>(),
		version: integer("version").notNull(),
		type: text("type").notNull().$type<LedgerEventType>(),
		bucket: smallint("bucket").notNull(),
		/** The bucket's counter; null for an event that the ledger itself made. Not unique: after a failover a number may come again. */
		seq: bigint("seq", { mode: "number" }),
		/** When it happened, by the Redis clock; a transition that the ledger itself made may be stamped by that of Postgres. */
		at: instant("at").notNull(),
		/** The event as it came. */
		payload: jsonb("payload").notNull().$type<Record<string, unknown>>(),
		recordedAt: writtenAt("recorded_at"),
	},
	(table) => [
		primaryKey({ columns: [table.bookingId, table.version] }),
		check("booking_events_type_known", sql`${table.type} in ('booking.confirmed', 'booking.cancelled', 'booking.conflict')`),
	],
);

export const REFUND_REASONS = ["conflict"] as const;
export type RefundReason = (typeof REFUND_REASONS)[number];

/** Money that is owed back, one row per booking; written in the transaction that found it owed. */
export const refunds = pgTable(
	"refunds",
	{
		bookingId: uuid("booking_id")
			.primaryKey()
			.references(() => bookings.id)
			.$type<BookingId>(),
		showtimeId: uuid("showtime_id").notNull().$type<ShowtimeId>(),
		/** `conflict`: the ledger had given a seat of the booking to another. */
		reason: text("reason").notNull().$type<RefundReason>(),
		/** Minor units of `currency`: all that the booking cost. */
		amount: bigint("amount", { mode: "number" }).notNull(),
		currency: text("currency").notNull(),
		/** Since when it is owed, by the clock of Postgres. */
		dueAt: writtenAt("due_at"),
		/** When the seat store was told who owns the seats; null until then. */
		storeCorrectedAt: instant("store_corrected_at"),
	},
	(table) => [
		index("refunds_uncorrected").on(table.dueAt).where(sql`${table.storeCorrectedAt} is null`),
		check("refunds_reason_known", sql`${table.reason} in ('conflict')`),
		check("refunds_amount_readable", isReadableAmount(table.amount)),
		check("refunds_currency_iso_4217", sql`${table.currency} ~ '^[A-Z]{3}$'`),
	],
);
