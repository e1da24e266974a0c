/** The tables of showtime actions, which change both stores, and of notices to buyers. */
import type { BookingId, MovieId, NoticeId, ShowtimeId, UserId } from "@holdfast/domain";
import { REASON_MAX_CHARS } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { boolean, check, index, integer, jsonb, pgTable, text, unique, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { instant, writtenAt } from "./columns.ts";
import { movies } from "./movies.ts";
import { showtimes } from "./showtimes.ts";

/** The kinds of showtime actions. */
export const ACTION_KINDS = ["reschedule", "cancel", "archive"] as const;
/** The kind of a showtime action. `archive`: the part of archiving a movie that concerns one showtime. */
export type ActionKind = (typeof ACTION_KINDS)[number];

/**
 * How far an archive is with one showtime. `pause`: not paused yet. `count`: takes no new holds; what buyers have is counted once every
 * showtime is here. `cancel`: nothing was found; to be cancelled. `reopen`: something was found; to be as it was.
 */
export type ArchiveStep = "pause" | "count" | "cancel" | "reopen";

/** How an action ended. `done`: both stores have it. Any other: the seat store refused it for good, or an archive found buyers. */
export type ActionOutcome = "done" | "has_bookings" | "version_mismatch" | "showtime_cancelled" | "showtime_closed" | "unknown";

/**
 * One row per action and showtime. It is written before the seat store is asked, and finished once the ledger has what the seat store
 * answered. Unfinished rows are driven on by the sweeper.
 */
export const showtimeActions = pgTable(
	"showtime_actions",
	{
		id: uuid("id").primaryKey().default(sql`uuidv7()`),
		showtimeId: uuid("showtime_id")
			.notNull()
			.references(() => showtimes.id)
			.$type<ShowtimeId>(),
		kind: text("kind").notNull().$type<ActionKind>(),
		/** Of a reschedule: the version under which the ledger has the new times, and the times before and after. */
		scheduleVersion: integer("schedule_version"),
		fromStartsAt: instant("from_starts_at"),
		fromEndsAt: instant("from_ends_at"),
		toStartsAt: instant("to_starts_at"),
		toEndsAt: instant("to_ends_at"),
		/** Of a cancel: the versions of the terms that it accepts; null: any. */
		ifVersions: integer("if_versions").array(),
		/** Of an archive: the movie. */
		movieId: uuid("movie_id")
			.references(() => movies.id)
			.$type<MovieId>(),
		/** Of an archive. */
		step: text("step").$type<ArchiveStep>(),
		/** Of an archive: whether this action pauses the showtime, and reopens it if buyers are found. Null until it was looked at. */
		isPausedHere: boolean("is_paused_here"),
		/** Of an archive: the version of the terms that the next command to the seat store accepts. */
		termsVersion: integer("terms_version"),
		/** Of an archive: what buyers had when it was counted. */
		holds: integer("holds"),
		bookings: integer("bookings"),
		/** The user who gave the command. */
		actor: uuid("actor").notNull().$type<UserId>(),
		reason: text("reason"),
		requestId: text("request_id").notNull(),
		createdAt: writtenAt("created_at"),
		/** When the sweeper tries next. It moves on when an attempt begins, so two processes rarely drive one action. */
		nextTryAt: instant("next_try_at").notNull(),
		tries: integer("tries").notNull().default(0),
		/** Why the last attempt got no further; null when it did. */
		lastError: text("last_error"),
		finishedAt: instant("finished_at"),
		outcome: text("outcome").$type<ActionOutcome>(),
	},
	(table) => [
		uniqueIndex("showtime_actions_one_open").on(table.showtimeId, table.kind).where(sql`${table.finishedAt} is null`),
		index("showtime_actions_due").on(table.nextTryAt).where(sql`${table.finishedAt} is null`),
		index("showtime_actions_by_movie").on(table.movieId).where(sql`${table.movieId} is not null`),
		check("showtime_actions_kind_known", sql`${table.kind} in ('reschedule', 'cancel', 'archive')`),
		check(
			"showtime_actions_reschedule_complete",
			sql`(${table.kind} = 'reschedule') = (num_nonnulls(${table.scheduleVersion}, ${table.fromStartsAt}, ${table.fromEndsAt}, ${table.toStartsAt}, ${table.toEndsAt}) = 5)`,
		),
		check(
			"showtime_actions_archive_complete",
			sql`(${table.kind} = 'archive') = (${table.movieId} is not null) and (${table.kind} = 'archive') = (${table.step} is not null)`,
		),
		check("showtime_actions_step_known", sql`${table.step} in ('pause', 'count', 'cancel', 'reopen')`),
		check("showtime_actions_finished_with_outcome", sql`(${table.finishedAt} is null) = (${table.outcome} is null)`),
		check("showtime_actions_reason_bounded", sql`char_length(${table.reason}) between 1 and ${sql.raw(String(REASON_MAX_CHARS))}`),
		check("showtime_actions_tries_not_negative", sql`${table.tries} >= 0`),
	],
);

/** The kinds of notices. */
export const NOTICE_KINDS = ["showtime.rescheduled", "booking.cancelled", "booking.revived", "booking.reseated"] as const;
/** The kind of a notice. */
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** One row per thing that a buyer must be informed of. Written in the transaction that makes it true. */
export const notices = pgTable(
	"notices",
	{
		id: uuid("id").primaryKey().$type<NoticeId>().default(sql`uuidv7()`),
		kind: text("kind").notNull().$type<NoticeKind>(),
		/** No foreign key: a hold is no booking of the ledger, and 10,000 key checks would slow down the cancel of a showtime. */
		bookingId: uuid("booking_id").$type<BookingId>(),
		showtimeId: uuid("showtime_id").$type<ShowtimeId>(),
		/** The version that the notice is about: the schedule's for `showtime.rescheduled`, the booking's for every other kind. */
		version: integer("version"),
		/** Whom to inform. */
		userId: uuid("user_id").$type<UserId>(),
		/**
		 * What happened. Of a move `from` and `to`, each with `startsAt` and `endsAt` in epoch ms. Of a cancel its `reason`. Of a reseat `from`
		 * and `to`, the labels of the seats.
		 */
		details: jsonb("details").notNull().$type<Readonly<Record<string, unknown>>>(),
		createdAt: writtenAt("created_at"),
	},
	(table) => [
		unique("notices_once").on(table.kind, table.bookingId, table.showtimeId, table.version).nullsNotDistinct(),
		index("notices_by_booking").on(table.bookingId),
		index("notices_by_showtime").on(table.showtimeId, table.id),
		check("notices_kind_known", sql`${table.kind} in ('showtime.rescheduled', 'booking.cancelled', 'booking.revived', 'booking.reseated')`),
	],
);
