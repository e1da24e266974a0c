/** The command that lists the live holds of a showtime, for staff. */
import type { BookingId, ShowtimeId, UserId } from "@holdfast/domain";
import { parseUserId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { read } from "../command.ts";
import { showtimeKeys } from "../keys.ts";
import { atBucketOf } from "../place.ts";
import { readBookingId } from "../reply.ts";
import { readNow } from "./ask-server.ts";

/** A live hold and its user. */
export type LiveHold = { readonly bookingId: BookingId; readonly userId: UserId };

/**
 * Returns the holds of a showtime that have not expired, by their expiry. The source is the index that the reaper uses, so a hold that was
 * confirmed or released is not among them. A showtime that the fence refuses is read as well. One that is not installed gives none.
 * Costs O(live holds): an arena has some thousands.
 */
export const listLiveHolds = read({
	place: (showtimeId: ShowtimeId) => atBucketOf(showtimeId),
	async run(redis, _context, showtimeId): Promise<LiveHold[]> {
		const members = await redis.zrange(showtimeKeys(showtimeId).expiry, `(${await readNow(redis)}`, "+inf", "BYSCORE");
		return members.map((member) => {
			const [bookingId, user = ""] = member.split("|");
			const userId = parseUserId(user);
			assert(userId !== null, `showtime ${showtimeId} has a hold without a user: ${member}`);
			return { bookingId: readBookingId(bookingId), userId };
		});
	},
});
