/**
 * Judge each entry of a batch before anything is written: settle it, leave it in the stream, or bury it as a dead
 * letter. Pure: what Postgres knows is handed in.
 */
import { BOOKING_EVENT_TYPES, type BookingEvent, bucketOf, EVENT_SCHEMA, type SeatPlanId, type ShowtimeId } from "@holdfast/domain";
import type { DeadEntry, EventEntry, SettleEntry } from "./outbox-entry.ts";

export type SortContext = {
	readonly bucket: number;
	/** `redis_epoch` of every showtime the batch names and the ledger has. */
	readonly epochs: ReadonlyMap<ShowtimeId, number>;
	/** Seat labels, by index, of every plan the batch names and the ledger has. */
	readonly labelsByPlan: ReadonlyMap<SeatPlanId, readonly string[]>;
	/** Showtimes left earlier in the same pass over the stream: they stay left. */
	readonly leftBefore: Iterable<ShowtimeId>;
};

export type SortedEntries = {
	/** In stream order. */
	readonly live: readonly EventEntry[];
	readonly dead: readonly DeadEntry[];
	/** Showtimes whose seat store is of an older epoch than the ledger's; nothing of theirs is settled until it is rebuilt. */
	readonly left: ReadonlySet<ShowtimeId>;
};

/** Sort a batch. Once an entry of a showtime is left, every later one of it is: order is kept per showtime. */
export function sortEntries(entries: readonly SettleEntry[], context: SortContext): SortedEntries {
	const live: EventEntry[] = [];
	const dead: DeadEntry[] = [];
	const left = new Set(context.leftBefore);
	for (const entry of entries) {
		const { event } = entry;
		const flaw = flawOf(entry, context);
		if (event === null || flaw !== null) {
			dead.push({ entry, ...(flaw ?? { code: "unparsable", message: "the fields are not those of an event" }) });
			continue;
		}
		if (entry.epoch < (context.epochs.get(event.showtimeId) ?? 0)) left.add(event.showtimeId);
		if (!left.has(event.showtimeId)) live.push({ ...entry, event });
	}
	return { live, dead, left };
}

function flawOf({ event }: SettleEntry, { bucket, epochs, labelsByPlan }: SortContext): { code: string; message: string } | null {
	if (event === null) return null;
	const { showtimeId, bookingId, planId, seats } = event;
	// The lock and the order are a bucket's: an entry of another one could be settled twice at once.
	if (bucketOf(showtimeId) !== bucket || bucketOf(bookingId) !== bucket)
		return { code: "wrong_bucket", message: `booking ${bookingId} of showtime ${showtimeId} is not of bucket ${bucket}` };
	if (!epochs.has(showtimeId)) return { code: "unknown_showtime", message: `the ledger has no showtime ${showtimeId}` };
	const labels = labelsByPlan.get(planId);
	if (labels === undefined) return { code: "unknown_plan", message: `the ledger has no seat plan ${planId}` };
	const strange = seats.find((seat) => labels[seat] === undefined);
	if (strange !== undefined) return { code: "unknown_seat", message: `seat plan ${planId} has no seat ${strange}` };
	if (new Set(seats).size !== seats.length) return { code: "repeated_seat", message: "a seat is named twice" };
	if (!hasRealInstants(event)) return { code: "impossible_instant", message: "an instant is beyond the calendar" };
	return null;
}

/** Postgres knows twenty thousand years more than `Date`: it would store what can never be read back. */
function hasRealInstants({ createdAt, expiresAt, confirmedAt, cancelledAt, at }: BookingEvent): boolean {
	return [createdAt, expiresAt, confirmedAt, cancelledAt ?? 0, at].every((epochMs) => !Number.isNaN(new Date(epochMs).getTime()));
}

/**
 * Entries up to the first one that a newer version wrote (a higher schema, or a type this version has never heard of).
 * That one is not broken, so it must not be buried: settle what stands before it, then wait to be upgraded.
 */
export function entriesBeforeUpgrade(entries: readonly SettleEntry[]): readonly SettleEntry[] {
	const newer = entries.findIndex(({ event, raw }) => event === null && isFromNewerVersion(raw));
	return newer === -1 ? entries : entries.slice(0, newer);
}

const KNOWN_TYPES: readonly string[] = BOOKING_EVENT_TYPES;

function isFromNewerVersion(raw: Readonly<Record<string, string>>): boolean {
	if (/^\d{1,9}$/.test(raw.schema ?? "") && Number(raw.schema) > EVENT_SCHEMA) return true;
	return /^[a-z_]+\.[a-z_]+$/.test(raw.type ?? "") && !KNOWN_TYPES.includes(raw.type ?? "");
}
