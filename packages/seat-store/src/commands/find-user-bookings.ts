/**
 * Which bookings of a user own or held seats at given showtimes. Read from the entry that the caps are judged by, which every hold
 * and confirm writes in its own script: unlike the user index it forgets nothing while the showtime lasts.
 */
import type { BookingId, ShowtimeId, UserId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { Redis } from "ioredis";
import { parseBuyer } from "../buyer-entry.ts";
import { showtimeKeys } from "../keys.ts";

/** Showtimes that one call may name: each costs a command, and a connection has 1,000 of them under way at most. */
export const SHOWTIMES_ASKED_MAX = 500;

/** Whether or not the showtimes are open: what a rebuild would start from is read too. Expired holds may be among them. */
export async function findUserBookings(redis: Redis, userId: UserId, showtimeIds: readonly ShowtimeId[]): Promise<BookingId[]> {
	assert(showtimeIds.length <= SHOWTIMES_ASKED_MAX, `at most ${SHOWTIMES_ASKED_MAX} showtimes are asked about at once`);
	const entries = await Promise.all(showtimeIds.map((showtimeId) => redis.hget(showtimeKeys(showtimeId).buyers, userId)));
	return entries.flatMap((entry) => parseBuyer(entry).map(({ bookingId }) => bookingId));
}
