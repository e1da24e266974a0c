/**
 * Decides for each entry of a batch, before anything is written, whether to record it, to leave it in the stream, or to move it to the dead
 * letters. Pure: the caller passes in the data from Postgres.
 */
import {
	BOOKING_EVENT_TYPES,
	EVENT_SCHEMAS,
	isShowtimeEvent,
	type OutboxEntry,
	type OutboxEvent,
	SHOWTIME_EVENT_TYPES,
	type ShowtimeId,
} from "@holdfast/domain";
import { findEntryError, type KnownToLedger } from "./find-entry-error.ts";
import type { DeadLetterEntry, EventEntry } from "./sorted-entry.ts";
import type { LockedRows } from "./take-rows.ts";

/** The data from Postgres, and the showtimes that earlier batches of the same pass did not settle. */
export type SortContext = KnownToLedger & {
	/** Rows that another transaction has locked. */
	readonly locked: LockedRows;
	/** Showtimes that were reported as `stale` earlier in the same pass over the stream. */
	readonly staleBefore: Iterable<ShowtimeId>;
	/** Showtimes that were reported as `waiting` earlier in the same pass. */
	readonly waitingBefore: Iterable<ShowtimeId>;
};

/** The entries of a batch by what to do with them. Entries in neither list stay in the stream. */
export type SortedEntries = {
	/** Entries to record, in stream order. */
	readonly recordable: readonly EventEntry[];
	/** Entries for the dead letters. */
	readonly deadLettered: readonly DeadLetterEntry[];
	/** Showtimes with an entry of an older epoch than the ledger's. From that entry on, nothing is settled until the showtime is rebuilt. */
	readonly stale: ReadonlySet<ShowtimeId>;
	/** Showtimes with an entry that needs a locked row. Entries before that one are recordable; that one and later ones wait. */
	readonly waiting: ReadonlySet<ShowtimeId>;
};

/** Sorts a batch. Once an entry of a showtime stays in the stream, all its later entries do too: order is kept per showtime. */
export function sortEntries(entries: readonly OutboxEntry[], context: SortContext): SortedEntries {
	const recordable: EventEntry[] = [];
	const deadLettered: DeadLetterEntry[] = [];
	const stale = new Set(context.staleBefore);
	const waiting = new Set(context.waitingBefore);
	for (const entry of entries) {
		const { event } = entry;
		if (event === null) {
			deadLettered.push({ entry, code: "unparsable", message: "the fields do not form a valid event" });
			continue;
		}
		const error = findEntryError(event, context);
		if (error !== null) {
			deadLettered.push({ entry, ...error });
			continue;
		}
		const { showtimeId } = event;
		if (stale.has(showtimeId) || waiting.has(showtimeId)) continue;
		// Checks locks before the epoch, because the epoch of a locked showtime may be about to change.
		if (needsLocked(event, context.locked)) waiting.add(showtimeId);
		else if (entry.epoch < (context.showtimes.get(showtimeId)?.epoch ?? 0)) stale.add(showtimeId);
		else recordable.push({ ...entry, event });
	}
	return { recordable, deadLettered, stale, waiting };
}

function needsLocked(event: OutboxEvent, { showtimes, users }: LockedRows): boolean {
	if (showtimes.has(event.showtimeId)) return true;
	return !isShowtimeEvent(event) && users.has(event.userId);
}

/**
 * Returns the entries before the first one that a newer version wrote (a higher schema, or an unknown event type). That entry is valid, so
 * it must not be dead-lettered: settle the entries before it, and leave it to an upgraded process.
 */
export function entriesBeforeNewerVersion(entries: readonly OutboxEntry[]): readonly OutboxEntry[] {
	const newer = entries.findIndex(({ event, raw }) => event === null && isFromNewerVersion(raw));
	return newer === -1 ? entries : entries.slice(0, newer);
}

const KNOWN_TYPES: readonly string[] = [...BOOKING_EVENT_TYPES, "admin.released", ...SHOWTIME_EVENT_TYPES];

function isFromNewerVersion(raw: Readonly<Record<string, string>>): boolean {
	if (/^\d{1,9}$/.test(raw.schema ?? "") && Number(raw.schema) > EVENT_SCHEMAS.newest) return true;
	return /^[a-z_]+\.[a-z_]+$/.test(raw.type ?? "") && !KNOWN_TYPES.includes(raw.type ?? "");
}
