/** Read booking records, and bring one back from the ledger. */
import { ALL_BUCKETS, type Booking, type BookingId, parseBookingId, RECORD_TTL_MS, type UserId } from "@holdfast/domain";
import type { Redis } from "ioredis";
import { formatBooking, parseBooking } from "../booking-record.ts";
import { defineScript, runScript } from "../define-script.ts";
import { bookingKey, userIndexKey } from "../keys.ts";
import type { ReadBookingsResult, UnreadableBooking } from "../outcomes.ts";

export const loadBookingScript = defineScript("load-booking");

/** The booking as Redis has it, or null. */
export async function readBooking(redis: Redis, bookingId: BookingId): Promise<Booking | null> {
	const record = await redis.get(bookingKey(bookingId));
	return record === null ? null : parseBooking(bookingId, record);
}

/** Write a ledger booking back, unless Redis has a record of it. */
export async function loadBooking(redis: Redis, booking: Booking): Promise<void> {
	await runScript(redis, loadBookingScript, [bookingKey(booking.id)], [RECORD_TTL_MS, formatBooking(booking)]);
}

/** Bookings of a user that Redis knows of, newest first: the indexes of all buckets. The record of one may be gone. */
export async function listRecentBookingIds(redis: Redis, userId: UserId): Promise<BookingId[]> {
	const members = await Promise.all(ALL_BUCKETS.map((bucket) => redis.zrange(userIndexKey(bucket, userId), "0", "-1")));
	const ids = members.flat().flatMap((member) => parseBookingId(member) ?? []);
	return ids.sort((a, b) => (a < b ? 1 : -1));
}

/** Those of them that Redis has, in their order; one that cannot be read does not keep the others back. */
export async function readBookings(redis: Redis, ids: readonly BookingId[]): Promise<ReadBookingsResult> {
	const records = await Promise.all(ids.map((id) => readRecord(redis, id)));
	const found = records.filter((record) => record !== null);
	return {
		bookings: found.flatMap((record) => ("error" in record ? [] : [record])),
		unreadable: found.flatMap((record) => ("error" in record ? [record] : [])),
	};
}

async function readRecord(redis: Redis, bookingId: BookingId): Promise<Booking | UnreadableBooking | null> {
	try {
		return await readBooking(redis, bookingId);
	} catch (error) {
		if (error instanceof Error && /^(WRONGTYPE|broken invariant)/.test(error.message)) return { bookingId, error };
		throw error;
	}
}
