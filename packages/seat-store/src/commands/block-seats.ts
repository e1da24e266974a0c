/** The command by which staff take seats of a showtime off sale, or put them back on sale. */
import { BLOCK_SEATS_MAX, bucketOf, SEATS_TTL_MS, type ShowtimeId, type StaffCommand } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { durable } from "../command.ts";
import { defineScript, runScript } from "../define-script.ts";
import { bucketKeys, showtimeKeys } from "../keys.ts";
import type { BlockSeatsOutcome } from "../outcomes.ts";
import { atBucketOf } from "../place.ts";
import { readInteger } from "../reply.ts";
import { commandArgs, formatIfVersions } from "../staff-command.ts";

/** The script behind `blockSeats`. */
export const blockSeatsScript = defineScript("block-seats");

/** Block (`isBlocked`) or unblock seats. */
export type BlockSeatsCommand = {
	readonly showtimeId: ShowtimeId;
	/** Distinct seat indexes, from 1 to `BLOCK_SEATS_MAX` of them. */
	readonly seats: readonly number[];
	readonly isBlocked: boolean;
	/** The values of `showtimeVersion` that the change accepts (If-Match); null: any. */
	readonly ifVersions: readonly number[] | null;
	/** Who blocks the seats, for the audit trail; null for a change that no staff make. */
	readonly command: StaffCommand | null;
};

/**
 * Blocks free seats, or unblocks blocked ones: all of the given seats or none. `seats_taken` names the seats that are not free. A seat that
 * is in the requested state already stays in it; if all are, the answer is `set` whatever `ifVersions` says. Throws when the list of seats
 * is empty, longer than `BLOCK_SEATS_MAX`, or names a seat twice. Safe to repeat.
 */
export const blockSeats = durable({
	place: ({ showtimeId }: BlockSeatsCommand) => atBucketOf(showtimeId),
	async run(redis, { limits }, { showtimeId, seats, isBlocked, ifVersions, command }): Promise<BlockSeatsOutcome> {
		assert(seats.length >= 1 && seats.length <= BLOCK_SEATS_MAX, `${seats.length} seats in one command, not 1 to ${BLOCK_SEATS_MAX}`);
		assert(seats.every((seat) => Number.isInteger(seat) && seat >= 0) && new Set(seats).size === seats.length, "not distinct seat indexes");
		const { status, rest } = await runScript(redis, blockSeatsScript, {
			keys: { ...showtimeKeys(showtimeId), ...bucketKeys(bucketOf(showtimeId)) },
			args: {
				showtimeId,
				change: isBlocked ? "block" : "unblock",
				ifVersions: formatIfVersions(ifVersions),
				outboxMax: limits.outboxMax,
				seatsTtlMs: SEATS_TTL_MS,
				...commandArgs(command),
				seats,
			},
		});
		switch (status) {
			case "set":
			case "version_mismatch":
				return { outcome: status, showtimeVersion: readInteger(rest[0]), scheduleVersion: readInteger(rest[1]) };
			case "seats_taken":
				return { outcome: status, seats: rest.map(readInteger) };
			default:
				return { outcome: status };
		}
	},
	hasWritten: ({ outcome }) => outcome === "set",
});
