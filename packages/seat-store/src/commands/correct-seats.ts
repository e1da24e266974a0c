/** Commands that correct seats in Redis: after a conflict that the ledger has decided, and at the end of a quarantine. */
import { type Conflict, RECORD_TTL_MS, SEATS_TTL_MS, type ShowtimeId } from "@holdfast/domain";
import { write } from "../command.ts";
import { defineScript, runScript } from "../define-script.ts";
import { bookingKey, showtimeKeys } from "../keys.ts";
import { atBucketOf } from "../place.ts";
import { readInteger } from "../reply.ts";
import { INSTALL_DEADLINE_MS } from "./install-showtime.ts";
import { readSeats } from "./read-seat-map.ts";

/** The script behind `resolveConflict`. */
export const resolveConflictScript = defineScript("resolve-conflict");
/** The script behind `openQuarantined`. */
export const openQuarantinedScript = defineScript("open-quarantined");

/** The most seats that one run of open-quarantined puts back on sale. */
export const OPEN_SEATS_MAX = 1_000;

/**
 * Takes the seats of a conflict from the booking that lost them in the ledger: a seat with another owner in the ledger goes to that
 * owner, the others become free. Returns false while the fence refuses the showtime; nothing was changed then, and the rebuild that
 * opens the showtime makes the same correction. Safe to repeat.
 */
export const resolveConflict = write({
	place: ({ showtimeId }: Conflict) => atBucketOf(showtimeId),
	async run(redis, _context, conflict) {
		const ownerOf = new Map(conflict.owners.map((found) => [found.seat, found]));
		const winners = [...new Set(conflict.owners.map(({ bookingId }) => bookingId))];
		const argsOf = (seat: number) => {
			const winner = ownerOf.get(seat);
			return winner === undefined ? [seat, "", "", 0] : [seat, winner.bookingId, winner.userId, winners.indexOf(winner.bookingId) + 1];
		};
		const { bookingId, userId, version, seats } = conflict;
		const { status } = await runScript(redis, resolveConflictScript, {
			keys: { ...showtimeKeys(conflict.showtimeId), booking: bookingKey(bookingId), winners: winners.map(bookingKey) },
			args: { bookingId, userId, version, recordTtlMs: RECORD_TTL_MS, seatsTtlMs: SEATS_TTL_MS, seats: seats.flatMap(argsOf) },
		});
		return status === "resolved";
	},
});

/** Puts the quarantined seats of a showtime on sale. Returns how many, or null while the fence refuses the showtime. Safe to repeat. */
export const openQuarantined = write({
	place: (showtimeId: ShowtimeId) => atBucketOf(showtimeId),
	deadlineMs: INSTALL_DEADLINE_MS,
	async run(redis, _context, showtimeId): Promise<number | null> {
		const { owners } = await readSeats(redis, showtimeId);
		const seats = owners.filter(({ bookingId }) => bookingId === "Q").map(({ seat }) => seat);
		let opened = 0;
		// At least one script runs even without seats to open: its reply says whether the fence refuses the showtime.
		for (let i = 0; i === 0 || i < seats.length; i += OPEN_SEATS_MAX) {
			const part = seats.slice(i, i + OPEN_SEATS_MAX);
			const { status, rest } = await runScript(redis, openQuarantinedScript, { keys: showtimeKeys(showtimeId), args: { seats: part } });
			if (status !== "opened") return null;
			opened += readInteger(rest[0]);
		}
		return opened;
	},
});
