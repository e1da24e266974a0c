/** The sweeper's side of the outbox: wait for entries, read a batch, drop what is settled. */
import {
	BOOKING_EVENT_TYPES,
	type BookingEvent,
	type BookingId,
	EVENT_SCHEMA,
	type OutboxEntry,
	type OutboxEvent,
	parseBookingId,
	parseShowtimeId,
	RECORD_TTL_MS,
	SHOWTIME_EVENT_TYPES,
	SHOWTIME_STATES,
	type ShowtimeEvent,
	type TierPrices,
} from "@holdfast/domain";
import { parseBooking, parseSeats } from "../booking-record.ts";
import { across, block, durable, read, write } from "../command.ts";
import { defineScript, runScript } from "../define-script.ts";
import { SeatStoreFault } from "../fault.ts";
import { bookingKey, bucketKeys } from "../keys.ts";
import { atBucket, WHOLE_STORE } from "../place.ts";
import { readFields, readInteger, readList, readText } from "../reply.ts";
import { readNow } from "./ask-server.ts";

export const readBatchScript = defineScript("read-batch");
export const ackBatchScript = defineScript("ack-batch");

/** The oldest entries of a bucket's outbox behind `afterEntryId` (null: from the start), each with the epoch of its showtime, in one atomic read. */
export const readBatch = read({
	place: (bucket: number, _options: { afterEntryId: string | null; limit: number }) => atBucket(bucket),
	async run(redis, _context, bucket, { afterEntryId, limit }): Promise<OutboxEntry[]> {
		const start = afterEntryId === null ? "-" : `(${afterEntryId}`;
		const { rest } = await runScript(redis, readBatchScript, { keys: bucketKeys(bucket), args: { start, limit } });
		const epochOf = readList(rest[1]);
		return readList(rest[0]).map((entry, i) => {
			const [entryId, flat] = readList(entry);
			const raw = readFields(flat);
			return { entryId: readText(entryId), epoch: readEpoch(epochOf[i]), event: parseEvent(raw), raw };
		});
	},
});

/** An epoch that makes no sense counts as none: the entries of that one showtime are left, and those of all others go on. */
const readEpoch = (value: unknown): number => (typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : 0);

/** An entry's fields as an event; null when they are not one that this version understands. */
export function parseEvent(raw: Readonly<Record<string, string>>): OutboxEvent | null {
	try {
		if (readInteger(raw.schema) !== EVENT_SCHEMA) return null;
		return parseBookingEvent(raw) ?? parseShowtimeEvent(raw);
	} catch {
		return null;
	}
}

function parseBookingEvent(raw: Readonly<Record<string, string>>): BookingEvent | null {
	const type = BOOKING_EVENT_TYPES.find((known) => known === raw.type);
	const bookingId = parseBookingId(raw.bookingId ?? "");
	if (!type || !bookingId) return null;
	const { id: _id, state: _state, recorded: _recorded, confirmedAt, ...booking } = parseBooking(bookingId, readText(raw.booking));
	// The epoch was read for the showtime that the entry names.
	if (booking.showtimeId !== raw.showtimeId || confirmedAt === null) return null;
	return { type, seq: readInteger(raw.seq), bookingId, ...booking, confirmedAt, at: readInteger(raw.at) };
}

function parseShowtimeEvent(raw: Readonly<Record<string, string>>): ShowtimeEvent | null {
	const type = SHOWTIME_EVENT_TYPES.find((known) => known === raw.type);
	const state = SHOWTIME_STATES.find((known) => known === raw.state);
	const showtimeId = parseShowtimeId(raw.showtimeId ?? "");
	if (!type || !state || !showtimeId) return null;
	return {
		type,
		seq: readInteger(raw.seq),
		showtimeId,
		showtimeVersion: readInteger(raw.showtimeVersion),
		state,
		priceVersion: readInteger(raw.priceVersion),
		prices: readPrices(raw.prices),
		currency: readText(raw.currency),
		salesOpenAt: readInteger(raw.salesOpenAt),
		salesCloseAt: readInteger(raw.salesCloseAt),
		blockedSeats: raw.blockedSeats ? parseSeats(raw.blockedSeats) : [],
		scheduleVersion: readInteger(raw.scheduleVersion),
		startsAt: readInteger(raw.startsAt),
		endsAt: readInteger(raw.endsAt),
		at: readInteger(raw.at),
	};
}

/** A JSON object of integers. */
function readPrices(json: unknown): TierPrices {
	const parsed: unknown = JSON.parse(readText(json));
	return Object.fromEntries(Object.entries(Object(parsed)).map(([tier, amount]) => [tier, readInteger(amount)]));
}

/** Append a dead letter's fields to its outbox again, as they were. */
export const requeueEntry = durable({
	place: (bucket: number, _raw: Readonly<Record<string, string>>) => atBucket(bucket),
	run: async (redis, _context, bucket, raw) => void (await redis.xadd(bucketKeys(bucket).outbox, "*", ...Object.entries(raw).flat())),
	hasWritten: () => true,
});

/** An entry that the ledger has, and the version at which it has its booking; null: it is of no booking. */
type SettledEntry = { readonly entryId: string; readonly booking: { readonly id: BookingId; readonly version: number } | null };

/** Drop settled entries from the outbox; mark each named booking recorded if it still stands at that version. */
export const ackBatch = write({
	place: (bucket: number, _entries: readonly SettledEntry[]) => atBucket(bucket),
	async run(redis, _context, bucket, entries) {
		if (entries.length === 0) return;
		const bookings = entries.flatMap(({ booking }) => booking ?? []);
		const settled = [...bookings.map(({ version }) => version), ...entries.map(({ entryId }) => entryId)];
		await runScript(redis, ackBatchScript, {
			keys: { ...bucketKeys(bucket), bookings: bookings.map(({ id }) => bookingKey(id)) },
			args: { recordTtlMs: RECORD_TTL_MS, bookingCount: bookings.length, settled },
		});
	},
});

/**
 * Wait until one of the outboxes has an entry; gives the buckets that do, [] at the deadline. One XREAD of all buckets, which one
 * server can answer; on a cluster their streams lie in several slots, so there it will have to be asked of each server by itself.
 */
export const waitForEntries = block({
	place: (_options: { timeoutMs: number }) => WHOLE_STORE,
	timeoutMs: ({ timeoutMs }) => timeoutMs,
	async run(redis, { buckets }, { timeoutMs }): Promise<number[]> {
		const keys = buckets.map((bucket) => bucketKeys(bucket).outbox);
		const reply: unknown = await redis.xread("COUNT", 1, "BLOCK", timeoutMs, "STREAMS", ...keys, ...keys.map(() => "0-0"));
		if (reply === null) return [];
		const names = Array.isArray(reply) ? reply.map((stream) => readList(stream)[0]) : Object.keys(Object(reply));
		return buckets.filter((bucket) => names.includes(bucketKeys(bucket).outbox));
	},
});

/** Entries waiting in each bucket's outbox, by bucket. One whose server does not answer is NaN. */
export const outboxDepths = across((lanes) => () => {
	const depthOf = (bucket: number) => lanes.read(atBucket(bucket), (redis) => redis.xlen(bucketKeys(bucket).outbox));
	return Promise.all(lanes.buckets.map((bucket) => orUnknown(depthOf(bucket))));
});

/**
 * How long the oldest entry of all outboxes has waited, ms, each by its own server's clock; 0 when none waits, NaN when a bucket's server
 * does not answer. What was dead-lettered waits no more.
 */
export const settleLagMs = across((lanes) => async () => {
	const lagOf = (bucket: number) =>
		lanes.read(atBucket(bucket), async (redis) => {
			const [[oldest], nowMs] = await Promise.all([redis.xrange(bucketKeys(bucket).outbox, "-", "+", "COUNT", 1), readNow(redis)]);
			// An entry's id begins with the instant it was added.
			return oldest === undefined ? 0 : nowMs - readInteger(oldest[0].split("-")[0]);
		});
	return Math.max(0, ...(await Promise.all(lanes.buckets.map((bucket) => orUnknown(lagOf(bucket))))));
});

/** A figure; NaN when the store cannot tell. */
async function orUnknown(figure: Promise<number>): Promise<number> {
	try {
		return await figure;
	} catch (error) {
		if (error instanceof SeatStoreFault) return Number.NaN;
		throw error;
	}
}
