/** How far the sweeper came, and what it could not settle. */
import { bigint, index, integer, json, pgTable, primaryKey, smallint, text } from "drizzle-orm/pg-core";
import { instant, writtenAt } from "./columns.ts";

/** One row per bucket. An alarm and a report, never a cursor: the stream itself is the to-do list. */
export const buckets = pgTable("buckets", {
	bucket: smallint("bucket").primaryKey(),
	/** Number of its history in the seat store; rises when loss of the seat store is proven. */
	timeline: integer("timeline").notNull().default(1),
	/** When the timeline last rose; null: never. */
	timelineStartedAt: instant("timeline_started_at"),
	/** Highest counter that was settled or dead-lettered. */
	seq: bigint("seq", { mode: "number" }).notNull(),
	/** Highest counter that was met, entries left behind included: what a gap is judged by. */
	seenSeq: bigint("seen_seq", { mode: "number" }).notNull(),
	recordedAt: writtenAt("recorded_at"),
});

/** Every proven loss of a bucket's history, as a person is told of it. How much was lost cannot be known from inside. */
export const losses = pgTable(
	"losses",
	{
		bucket: smallint("bucket").notNull(),
		/** The timeline that started with this loss. */
		timeline: integer("timeline").notNull(),
		/** The last event that the ledger had: later ones of the old timeline are gone. 0: it had none. */
		lastSeq: bigint("last_seq", { mode: "number" }).notNull(),
		/** When that one was settled; null: it had none. */
		lastRecordedAt: instant("last_recorded_at"),
		foundAt: writtenAt("found_at"),
	},
	(table) => [primaryKey({ columns: [table.bucket, table.timeline] })],
);

/** Outbox entries that can never be settled, kept whole. Their seats stay sold in the seat store until a person decides. */
export const deadLetters = pgTable(
	"dead_letters",
	{
		bucket: smallint("bucket").notNull(),
		/** Id of the stream entry. */
		entryId: text("entry_id").notNull(),
		/** The entry's fields. `json`, not `jsonb`: jsonb refuses a NUL character, and what is stored here is just what was refused elsewhere. */
		raw: json("raw").notNull().$type<Readonly<Record<string, string>>>(),
		/** Why, for a program: a word of `find-flaw.ts`, or the SQLSTATE that Postgres answered. */
		errorCode: text("error_code").notNull(),
		/** Why, for a person. */
		errorMessage: text("error_message").notNull(),
		createdAt: writtenAt("created_at"),
		resolvedAt: instant("resolved_at"),
	},
	(table) => [primaryKey({ columns: [table.bucket, table.entryId] }), index("dead_letters_by_time").on(table.createdAt)],
);
