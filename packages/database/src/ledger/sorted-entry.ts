/** The types of outbox entries after validation: recordable entries, and entries for the dead letters. */
import type { OutboxEntry, OutboxEvent } from "@holdfast/domain";

/** An entry with a valid event, which can be recorded. */
export type EventEntry = OutboxEntry & { readonly event: OutboxEvent };

/** An entry that can never be recorded, with the reason: `code` is for programs, `message` is for operators. */
export type DeadLetterEntry = { readonly entry: OutboxEntry; readonly code: string; readonly message: string };
