/** Commands that read booking records from Redis, and one that writes a record back from the ledger. */
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

/** The script behind `loadBooking`. */
export const loadBookingScript = defineScript("load-booking");

/** Returns the booking, or null when Redis has no record of it. Throws when the record cannot be read as a booking. */
export const readBooking = read({
	place: (bookingId: BookingId) => atBucketOf(bookingId),
	run: (redis, _context, bookingId) => readRecord(redis, bookingId),
});

async function readRecord(redis: Redis, bookingId: BookingId): Promise<Booking | null> {
	const record = await redis.get(bookingKey(bookingId));
	return record === null ? null : parseBooking(bookingId, record);
}

/** Writes a ledger booking back into Redis for a day. Does nothing when Redis has a record of the booking. Safe to repeat. */
export const loadBooking = write({
	place: ({ id }: Booking) => atBucketOf(id),
	run: async (redis, _context, booking) =>
		void (await runScript(redis, loadBookingScript, {
			keys: { booking: bookingKey(booking.id) },
			args: { recordTtlMs: RECORD_TTL_MS, record: formatBooking(booking) },
		})),
});

/**
 * Returns the ids in the user's indexes of all buckets, newest first: at most 200 per bucket, kept for 30 days after the user's last hold
 * there. The record of a listed booking may have expired. Throws `SeatStoreFault` when any bucket does not answer.
 */
export const listRecentBookingIds = across((lanes) => async (userId: UserId): Promise<BookingId[]> => {
	const indexOf = (bucket: number) => lanes.read(atBucket(bucket), (redis) => redis.zrange(userIndexKey(bucket, userId), "0", "-1"));
	const members = await Promise.all(lanes.buckets.map(indexOf));
	const ids = members.flat().flatMap((member) => parseBookingId(member) ?? []);
	return ids.sort((a, b) => (a < b ? 1 : -1));
});

/**
 * Returns those of the given bookings that Redis has a record of, in the given order, and separately those whose record cannot be read.
 * Each id costs one command, so ask for no more than the response needs. Throws `SeatStoreFault` when any bucket does not answer.
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

/** Reads the records of bookings in one bucket, in the given order. A record that cannot be read is listed as unreadable and not thrown. */
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
