/** Bring seats in line with what the ledger, or a person, has decided about them. */
import { type Conflict, RECORD_TTL_MS, SEATS_TTL_MS, type ShowtimeId } from "@holdfast/domain";
import { write } from "../command.ts";
import { defineScript, runScript } from "../define-script.ts";
import { bookingKey, showtimeKeys } from "../keys.ts";
import { atBucketOf } from "../place.ts";
import { readInteger } from "../reply.ts";
import { INSTALL_DEADLINE_MS } from "./install-showtime.ts";
import { readSeats } from "./read-seat-map.ts";

export const resolveConflictScript = defineScript("resolve-conflict");
export const openQuarantinedScript = defineScript("open-quarantined");

/** Seats put back on sale by one script. */
export const OPEN_SEATS_MAX = 1_000;

/** Make a booking that lost its seats in the ledger lose them here: hand them to whom the ledger says, free the rest. False while the fence forbids it: a rebuild will do the same. Safe to repeat. */
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

/** Put the quarantined seats of a showtime on sale; gives how many, or null while the fence forbids it. Safe to repeat. */
export const openQuarantined = write({
	place: (showtimeId: ShowtimeId) => atBucketOf(showtimeId),
	deadlineMs: INSTALL_DEADLINE_MS,
	async run(redis, _context, showtimeId): Promise<number | null> {
		const { owners } = await readSeats(redis, showtimeId);
		const seats = owners.filter(({ bookingId }) => bookingId === "Q").map(({ seat }) => seat);
		let opened = 0;
		// One script at least: it tells whether the fence lets us.
		for (let i = 0; i === 0 || i < seats.length; i += OPEN_SEATS_MAX) {
			const part = seats.slice(i, i + OPEN_SEATS_MAX);
			const { status, rest } = await runScript(redis, openQuarantinedScript, { keys: showtimeKeys(showtimeId), args: { seats: part } });
			if (status !== "opened") return null;
			opened += readInteger(rest[0]);
		}
		return opened;
	},
});
