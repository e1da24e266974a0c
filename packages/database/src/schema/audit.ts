/**
 * The tables of the audit trail: what staff changed, when, and why. Rows are only ever added: triggers refuse UPDATE, DELETE and TRUNCATE, and
 * the role of the application does not own the tables (docs/security.md).
 */
import { type AuditEventId, REASON_MAX_CHARS, type ShowtimeId, type UserId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { check, date, index, integer, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { instant, writtenAt } from "./columns.ts";

/** The kinds of things that an audited command changes. */
export const AUDIT_TARGETS = ["movie", "auditorium", "plan", "showtime", "batch", "user", "booking", "dead_letter"] as const;
/** The kind of thing that an audited command changed. */
export type AuditTarget = (typeof AUDIT_TARGETS)[number];

/** Values of fields, by field name. Ids instead of names and addresses: erasing a person leaves the trail whole. */
export type AuditFields = Readonly<Record<string, unknown>>;

/** One row per command that changed something, and target. */
export const auditEvents = pgTable(
	"audit_events",
	{
		/** UUIDv7: rows sort by the time at which they were written. */
		id: uuid("id").primaryKey().$type<AuditEventId>().default(sql`uuidv7()`),
		/** When the change was made: by the Redis clock if it was made there, else by the Postgres clock. */
		at: instant("at").notNull(),
		/** When the row was written, by the Postgres clock. The digests are made of days of this time, in UTC. */
		recordedAt: writtenAt("recorded_at"),
		/** The user who gave the command; null for a command that an operator ran on the command line. */
		actor: uuid("actor").$type<UserId>(),
		/** What was done: `movie.updated`. */
		action: text("action").notNull(),
		targetType: text("target_type").notNull().$type<AuditTarget>(),
		targetId: uuid("target_id").notNull(),
		/** The showtime that the change is about; null when it is about none. */
		showtimeId: uuid("showtime_id").$type<ShowtimeId>(),
		/** The changed fields before the change; null for a new thing. */
		before: jsonb("before").$type<AuditFields>(),
		/** The same fields after the change. */
		after: jsonb("after").$type<AuditFields>(),
		reason: text("reason"),
		requestId: text("request_id"),
	},
	(table) => [
		index("audit_events_by_recording").on(table.recordedAt),
		index("audit_events_by_actor").on(table.actor, table.id),
		index("audit_events_by_target").on(table.targetId, table.id),
		index("audit_events_by_showtime").on(table.showtimeId, table.id).where(sql`${table.showtimeId} is not null`),
		check("audit_events_action_form", sql`${table.action} ~ '^[a-z_]+[.][a-z_]+$'`),
		check(
			"audit_events_target_known",
			sql`${table.targetType} in ('movie', 'auditorium', 'plan', 'showtime', 'batch', 'user', 'booking', 'dead_letter')`,
		),
		check("audit_events_reason_bounded", sql`char_length(${table.reason}) between 1 and ${sql.raw(String(REASON_MAX_CHARS))}`),
	],
);

/** One row per closed day of the audit trail. A day is closed an hour after it ended, in UTC. */
export const auditDigests = pgTable("audit_digests", {
	day: date("day", { mode: "string" }).primaryKey(),
	/** The number of rows of the day. */
	count: integer("count").notNull(),
	/** SHA-256 of the rows of the day, in hexadecimal digits. */
	sha256: text("sha256").notNull(),
	closedAt: writtenAt("closed_at"),
});
