/**
 * Judge each entry of a batch before anything is written: settle it, leave it in the stream, or bury it as a dead
 * letter. Pure: what Postgres knows is handed in.
 */
import {
	BOOKING_EVENT_TYPES,
	EVENT_SCHEMA,
	isBookingEvent,
	type OutboxEntry,
	type OutboxEvent,
	SHOWTIME_EVENT_TYPES,
	type ShowtimeId,
} from "@holdfast/domain";
import { findFlaw, type KnownToLedger } from "./find-flaw.ts";
import type { DeadEntry, EventEntry } from "./judged-entry.ts";
import type { LockedRows } from "./take-rows.ts";

export type SortContext = KnownToLedger & {
	/** Rows that another transaction has locked. */
	readonly locked: LockedRows;
	/** Showtimes left earlier in the same pass over the stream. */
	readonly leftBefore: Iterable<ShowtimeId>;
	/** Showtimes that waited for a locked row earlier in the same pass. */
	readonly waitingBefore: Iterable<ShowtimeId>;
};

export type SortedEntries = {
	/** In stream order. */
	readonly live: readonly EventEntry[];
	readonly dead: readonly DeadEntry[];
	/** Showtimes whose seat store is of an older epoch than the ledger's; nothing of theirs is settled until it is rebuilt. */
	readonly left: ReadonlySet<ShowtimeId>;
	/** Showtimes that wait from the first of their entries that needs a locked row; what stands before that entry is live. */
	readonly waiting: ReadonlySet<ShowtimeId>;
};

/** Sort a batch. Once an entry of a showtime is left, every later one of it is: order is kept per showtime. */
export function sortEntries(entries: readonly OutboxEntry[], context: SortContext): SortedEntries {
	const live: EventEntry[] = [];
	const dead: DeadEntry[] = [];
	const left = new Set(context.leftBefore);
	const waiting = new Set(context.waitingBefore);
	for (const entry of entries) {
		const { event } = entry;
		if (event === null) {
			dead.push({ entry, code: "unparsable", message: "the fields are not those of an event" });
			continue;
		}
		const flaw = findFlaw(event, context);
		if (flaw !== null) {
			dead.push({ entry, ...flaw });
			continue;
		}
		const { showtimeId } = event;
		if (left.has(showtimeId) || waiting.has(showtimeId)) continue;
		// Before the epoch: that of a locked showtime may be about to change.
		if (needsLocked(event, context.locked)) waiting.add(showtimeId);
		else if (entry.epoch < (context.showtimes.get(showtimeId)?.epoch ?? 0)) left.add(showtimeId);
		else live.push({ ...entry, event });
	}
	return { live, dead, left, waiting };
}

function needsLocked(event: OutboxEvent, { showtimes, users }: LockedRows): boolean {
	if (showtimes.has(event.showtimeId)) return true;
	return isBookingEvent(event) && users.has(event.userId);
}

/**
 * Entries up to the first one that a newer version wrote (a higher schema, or a type this version has never heard of).
 * That one is not broken, so it must not be buried: settle what stands before it, then wait to be upgraded.
 */
export function entriesBeforeUpgrade(entries: readonly OutboxEntry[]): readonly OutboxEntry[] {
	const newer = entries.findIndex(({ event, raw }) => event === null && isFromNewerVersion(raw));
	return newer === -1 ? entries : entries.slice(0, newer);
}

const KNOWN_TYPES: readonly string[] = [...BOOKING_EVENT_TYPES, ...SHOWTIME_EVENT_TYPES];

function isFromNewerVersion(raw: Readonly<Record<string, string>>): boolean {
	if (/^\d{1,9}$/.test(raw.schema ?? "") && Number(raw.schema) > EVENT_SCHEMA) return true;
	return /^[a-z_]+\.[a-z_]+$/.test(raw.type ?? "") && !KNOWN_TYPES.includes(raw.type ?? "");
}
