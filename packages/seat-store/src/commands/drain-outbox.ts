/** The sweeper's side of the outbox: wait for entries, read a batch, drop what is settled. */
import {
	ALL_BUCKETS,
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
import type { Redis } from "ioredis";
import { parseBooking, parseSeats } from "../booking-record.ts";
import { defineScript, runScript } from "../define-script.ts";
import { bookingKey, bucketKeys } from "../keys.ts";
import { readFields, readInteger, readList, readText } from "../reply.ts";
import { readNow } from "./read-seat-map.ts";

export const readBatchScript = defineScript("read-batch");
export const ackBatchScript = defineScript("ack-batch");

/** The oldest entries behind `afterEntryId`, each with the epoch of its showtime, in one atomic read. */
export async function readBatch(
	redis: Redis,
	bucket: number,
	{ afterEntryId, limit }: { afterEntryId: string | null; limit: number },
): Promise<OutboxEntry[]> {
	const { outbox, epochs } = bucketKeys(bucket);
	const { rest } = await runScript(redis, readBatchScript, [outbox, epochs], [afterEntryId === null ? "-" : `(${afterEntryId}`, limit]);
	const epochOf = readList(rest[1]);
	return readList(rest[0]).map((entry, i) => {
		const [entryId, flat] = readList(entry);
		const raw = readFields(flat);
		return { entryId: readText(entryId), epoch: readEpoch(epochOf[i]), event: parseEvent(raw), raw };
	});
}

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

/** Append a dead letter's fields to the outbox again, as they were. */
export async function requeueEntry(redis: Redis, bucket: number, raw: Readonly<Record<string, string>>): Promise<void> {
	await redis.xadd(bucketKeys(bucket).outbox, "*", ...Object.entries(raw).flat());
}

/** Drop settled entries, and mark the bookings recorded that still stand at the settled version. */
export async function ackBatch(
	redis: Redis,
	bucket: number,
	entries: readonly { entryId: string; booking: { id: BookingId; version: number } | null }[],
): Promise<void> {
	if (entries.length === 0) return;
	const bookings = entries.flatMap(({ booking }) => booking ?? []);
	await runScript(
		redis,
		ackBatchScript,
		[bucketKeys(bucket).outbox, ...bookings.map(({ id }) => bookingKey(id))],
		[RECORD_TTL_MS, bookings.length, ...bookings.map(({ version }) => version), ...entries.map(({ entryId }) => entryId)],
	);
}

/** Block until an outbox has an entry; gives the buckets that do, or none at the deadline. */
export async function waitForEntries(blocking: Redis, timeoutMs: number): Promise<number[]> {
	const keys = ALL_BUCKETS.map((bucket) => bucketKeys(bucket).outbox);
	const reply: unknown = await blocking.xread("COUNT", 1, "BLOCK", timeoutMs, "STREAMS", ...keys, ...keys.map(() => "0-0"));
	if (reply === null) return [];
	const names = Array.isArray(reply) ? reply.map((stream) => readList(stream)[0]) : Object.keys(Object(reply));
	return ALL_BUCKETS.filter((bucket) => names.includes(bucketKeys(bucket).outbox));
}

/** Entries waiting per bucket. */
export async function outboxDepths(redis: Redis): Promise<number[]> {
	return Promise.all(ALL_BUCKETS.map((bucket) => redis.xlen(bucketKeys(bucket).outbox)));
}

/** How long the oldest entry of all buckets has waited, ms by the server's own clock; 0 when none does. An entry's id begins with the instant it was added. */
export async function settleLagMs(redis: Redis): Promise<number> {
	const oldest = ALL_BUCKETS.map(async (bucket) => (await redis.xrange(bucketKeys(bucket).outbox, "-", "+", "COUNT", 1))[0]?.[0]);
	const [nowMs, ...ids] = await Promise.all([readNow(redis), ...oldest]);
	return Math.max(0, ...ids.map((id) => (id === undefined ? 0 : nowMs - readInteger(readText(id).split("-")[0]))));
}
