/** The tables of the sweeper: its progress per bucket, detected losses, and dead letters. */
import { sql } from "drizzle-orm";
import { bigint, index, integer, json, pgTable, primaryKey, smallint, text, uuid } from "drizzle-orm/pg-core";
import { instant, writtenAt } from "./columns.ts";

/** One row per bucket. It serves alarms and reports and is never a cursor: the stream itself holds what remains to be settled. */
export const buckets = pgTable("buckets", {
	bucket: smallint("bucket").primaryKey(),
	/** The timeline of the bucket. It increases when the seat store is proven to have lost part of the bucket's history. */
	timeline: integer("timeline").notNull().default(1),
	/** When the timeline last increased; null when it never did. */
	timelineStartedAt: instant("timeline_started_at"),
	/** The highest sequence number of the outbox that was settled or dead-lettered. */
	seq: bigint("seq", { mode: "number" }).notNull(),
	/** The highest sequence number of the outbox that was read, including entries that stayed in the stream. Gaps are detected above it. */
	seenSeq: bigint("seen_seq", { mode: "number" }).notNull(),
	recordedAt: writtenAt("recorded_at"),
});

/** One row per proven loss of a bucket's history, for operators. Neither store can determine how much was lost. */
export const losses = pgTable(
	"losses",
	{
		bucket: smallint("bucket").notNull(),
		/** The timeline that started with this loss. */
		timeline: integer("timeline").notNull(),
		/** The sequence number of the last event in the ledger; later events of the old timeline are lost. 0 when the ledger had none. */
		lastSeq: bigint("last_seq", { mode: "number" }).notNull(),
		/** When that event was settled; null when the ledger had none. */
		lastRecordedAt: instant("last_recorded_at"),
		foundAt: writtenAt("found_at"),
	},
	(table) => [primaryKey({ columns: [table.bucket, table.timeline] })],
);

/**
 * One row per outbox entry that cannot be settled, with all of its fields. Its seats stay sold in the seat store until an operator decides.
 */
export const deadLetters = pgTable(
	"dead_letters",
	{
		bucket: smallint("bucket").notNull(),
		/** Id of the stream entry. */
		entryId: text("entry_id").notNull(),
		/** Names the dead letter in a path and in the audit trail. */
		id: uuid("id").notNull().unique().default(sql`uuidv7()`),
		/** The fields of the entry. `json`, not `jsonb`: jsonb refuses a NUL character, which may be why the entry cannot be settled. */
		raw: json("raw").notNull().$type<Readonly<Record<string, string>>>(),
		/** The reason, for programs: a code of `find-entry-error.ts` or `sort-entries.ts`, or the SQLSTATE that Postgres returned. */
		errorCode: text("error_code").notNull(),
		/** The reason, for operators. */
		errorMessage: text("error_message").notNull(),
		createdAt: writtenAt("created_at"),
		resolvedAt: instant("resolved_at"),
	},
	(table) => [primaryKey({ columns: [table.bucket, table.entryId] }), index("dead_letters_by_time").on(table.createdAt)],
);
