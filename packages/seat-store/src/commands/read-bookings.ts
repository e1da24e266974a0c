/** Read booking records, and bring one back from the ledger. */
import { type Booking, type BookingId, parseBookingId, RECORD_TTL_MS, type UserId } from "@holdfast/domain";
import type { Redis } from "ioredis";
import { formatBooking, parseBooking } from "../booking-record.ts";
import { across, read, write } from "../command.ts";
import { defineScript, runScript } from "../define-script.ts";
import { inEachBucket } from "../in-each-bucket.ts";
import { bookingKey, userIndexKey } from "../keys.ts";
import type { BookingRecords, ReadBookingsResult, UnreadableBooking } from "../outcomes.ts";
import { atBucket, atBucketOf } from "../place.ts";
import { readNow } from "./ask-server.ts";

export const loadBookingScript = defineScript("load-booking");

/** The booking as Redis has it, or null. */
export const readBooking = read({
	place: (bookingId: BookingId) => atBucketOf(bookingId),
	run: (redis, _context, bookingId) => readRecord(redis, bookingId),
});

async function readRecord(redis: Redis, bookingId: BookingId): Promise<Booking | null> {
	const record = await redis.get(bookingKey(bookingId));
	return record === null ? null : parseBooking(bookingId, record);
}

/** Write a ledger booking back into Redis for a day, unless Redis has a record of it. */
export const loadBooking = write({
	place: ({ id }: Booking) => atBucketOf(id),
	run: async (redis, _context, booking) =>
		void (await runScript(redis, loadBookingScript, {
			keys: { booking: bookingKey(booking.id) },
			args: { recordTtlMs: RECORD_TTL_MS, record: formatBooking(booking) },
		})),
});

/** The user's bookings of the last month, newest first: the indexes of all buckets. The records of some may be gone. Fails if one bucket does. */
export const listRecentBookingIds = across((lanes) => async (userId: UserId): Promise<BookingId[]> => {
	const indexOf = (bucket: number) => lanes.read(atBucket(bucket), (redis) => redis.zrange(userIndexKey(bucket, userId), "0", "-1"));
	const members = await Promise.all(lanes.buckets.map(indexOf));
	const ids = members.flat().flatMap((member) => parseBookingId(member) ?? []);
	return ids.sort((a, b) => (a < b ? 1 : -1));
});

/**
 * Those of these that Redis has, in their order, and those whose record cannot be read. Each costs a command: read no more than an answer
 * needs. Fails if one bucket does.
 */
export const readBookings = across((lanes) => async (ids: readonly BookingId[]): Promise<ReadBookingsResult> => {
	const parts = await inEachBucket(lanes, ids, async (redis, here, bucket) => {
		const [records, nowMs] = await Promise.all([readRecords(redis, here), readNow(redis)]);
		return { ...records, bucket, nowMs };
	});
	const order = new Map(ids.map((id, i) => [id, i]));
	const place = (id: BookingId): number => order.get(id) ?? 0;
	return {
		bookings: parts.flatMap(({ bookings }) => bookings).sort((a, b) => place(a.id) - place(b.id)),
		unreadable: parts.flatMap(({ unreadable }) => unreadable).sort((a, b) => place(a.bookingId) - place(b.bookingId)),
		clocks: new Map(parts.map(({ bucket, nowMs }) => [bucket, nowMs])),
	};
});

/** Records of one bucket; one that cannot be read does not keep the others back. */
export async function readRecords(redis: Redis, ids: readonly BookingId[]): Promise<BookingRecords> {
	const records = await Promise.all(ids.map((id) => tryRecord(redis, id)));
	const found = records.filter((record) => record !== null);
	return {
		bookings: found.flatMap((record) => ("error" in record ? [] : [record])),
		unreadable: found.flatMap((record) => ("error" in record ? [record] : [])),
	};
}

async function tryRecord(redis: Redis, bookingId: BookingId): Promise<Booking | UnreadableBooking | null> {
	try {
		return await readRecord(redis, bookingId);
	} catch (error) {
		if (error instanceof Error && /^(WRONGTYPE|broken invariant)/.test(error.message)) return { bookingId, error };
		throw error;
	}
}
