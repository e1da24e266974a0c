/**
 * Which bookings of a user own or held seats at given showtimes. Read from the entry that the caps are judged by, which every hold
 * and confirm writes in its own script: unlike the user index it forgets nothing while the showtime lasts.
 */
import type { BookingId, ShowtimeId, UserId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { parseBuyer } from "../buyer-entry.ts";
import { across } from "../command.ts";
import { inEachBucket } from "../in-each-bucket.ts";
import { showtimeKeys } from "../keys.ts";

/** Showtimes that one call may name: each costs a command, and a connection has 1,000 of them under way at most. */
export const SHOWTIMES_ASKED_MAX = 500;

/**
 * The user's holds and confirmed bookings at these showtimes, at most `SHOWTIMES_ASKED_MAX`; expired holds may be among them. Whether or
 * not the showtimes are open: what a rebuild would start from is read too. Fails if one bucket does.
 */
export const findUserBookings = across((lanes) => async (userId: UserId, showtimeIds: readonly ShowtimeId[]): Promise<BookingId[]> => {
	assert(showtimeIds.length <= SHOWTIMES_ASKED_MAX, `at most ${SHOWTIMES_ASKED_MAX} showtimes are asked about at once`);
	const entries = await inEachBucket(lanes, showtimeIds, (redis, ids) =>
		Promise.all(ids.map((showtimeId) => redis.hget(showtimeKeys(showtimeId).buyers, userId))),
	);
	return entries.flat().flatMap((entry) => parseBuyer(entry).map(({ bookingId }) => bookingId));
});
