/**
 * Finds a user's holds and confirmed bookings at given showtimes. The source is the user's entry in each showtime's `buyers` hash, which
 * the scripts also use for the per-user limits. Every hold and confirm updates that entry in the same script. Unlike the user index, which
 * keeps 200 bookings, the entry is complete for as long as the showtime's keys exist.
 */
import type { BookingId, ShowtimeId, UserId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { parseBuyer } from "../buyer-entry.ts";
import { across } from "../command.ts";
import { inEachBucket } from "../in-each-bucket.ts";
import { showtimeKeys } from "../keys.ts";

/** The most showtimes in one call. Each costs one command, and a connection takes at most 1,000 commands at a time. */
export const SHOWTIMES_ASKED_MAX = 500;

/**
 * Returns the ids of the user's holds and confirmed bookings at the given showtimes, of which there may be `SHOWTIMES_ASKED_MAX`. Expired
 * holds may be among them. Showtimes that the fence refuses are read as well. Throws `SeatStoreFault` when any bucket does not answer.
 */
export const findUserBookings = across((lanes) => async (userId: UserId, showtimeIds: readonly ShowtimeId[]): Promise<BookingId[]> => {
	assert(showtimeIds.length <= SHOWTIMES_ASKED_MAX, `${showtimeIds.length} showtimes in one call; the limit is ${SHOWTIMES_ASKED_MAX}`);
	const entries = await inEachBucket(lanes, showtimeIds, (redis, ids) =>
		Promise.all(ids.map((showtimeId) => redis.hget(showtimeKeys(showtimeId).buyers, userId))),
	);
	return entries.flat().flatMap((entry) => parseBuyer(entry).map(({ bookingId }) => bookingId));
});
