/** What the ledger is handed: entries of one bucket's outbox. The seat store's `OutboxEntry` has this shape. */
import type { OutboxEvent } from "@holdfast/domain";

export type SettleEntry = {
	readonly entryId: string;
	/** The epoch its showtime is installed under, read in the same instant as the entry; 0 when the seat store knows none. */
	readonly epoch: number;
	/** Null when the fields make no sense. */
	readonly event: OutboxEvent | null;
	/** The fields as they stand in the stream, kept whole for a dead letter. */
	readonly raw: Readonly<Record<string, string>>;
};

/** An entry that can be recorded. */
export type EventEntry = SettleEntry & { readonly event: OutboxEvent };

/** An entry that never can, and why: `code` for a program, `message` for a person. */
export type DeadEntry = { readonly entry: SettleEntry; readonly code: string; readonly message: string };
