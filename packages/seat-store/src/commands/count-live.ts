/** The command that counts what customers have of a showtime, such as before its movie is archived. */
import type { ShowtimeId } from "@holdfast/domain";
import { read } from "../command.ts";
import { defineScript, runScript } from "../define-script.ts";
import { showtimeKeys } from "../keys.ts";
import type { CountLiveOutcome } from "../outcomes.ts";
import { atBucketOf } from "../place.ts";
import { readInteger } from "../reply.ts";

/** The script behind `countLive`. */
export const countLiveScript = defineScript("count-live");

/**
 * Counts the live holds and the sold bookings of a showtime, and their seats, at one moment. Nothing is missing if the showtime was paused
 * before: a hold can no longer be placed then, and one that is confirmed meanwhile counts either way. Changes nothing.
 */
export const countLive = read({
	place: (showtimeId: ShowtimeId) => atBucketOf(showtimeId),
	async run(redis, _context, showtimeId): Promise<CountLiveOutcome> {
		const { status, rest } = await runScript(redis, countLiveScript, { keys: showtimeKeys(showtimeId), args: {} });
		if (status !== "counted") return { outcome: status };
		const [holds = 0, heldSeats = 0, bookings = 0, soldSeats = 0, quarantinedSeats = 0] = rest.map(readInteger);
		return { outcome: status, holds, heldSeats, bookings, soldSeats, quarantinedSeats };
	},
});
