/** An entry of the outbox once it was judged: it can be recorded, or never. */
import type { OutboxEntry, OutboxEvent } from "@holdfast/domain";

/** An entry that can be recorded. */
export type EventEntry = OutboxEntry & { readonly event: OutboxEvent };

/** An entry that never can, and why: `code` for a program, `message` for a person. */
export type DeadEntry = { readonly entry: OutboxEntry; readonly code: string; readonly message: string };
