/** The command that moves a showtime to the time that the ledger has for it. */
import { bucketOf, INSTANT_MAX_MS, type ShowtimeEvent, type ShowtimeId, type StaffCommand } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { durable } from "../command.ts";
import { defineScript, runScript } from "../define-script.ts";
import { bucketKeys, showtimeKeys } from "../keys.ts";
import type { RescheduleOutcome } from "../outcomes.ts";
import { atBucketOf } from "../place.ts";
import { readInteger } from "../reply.ts";
import { commandArgs } from "../staff-command.ts";
import { keyExpiryOf } from "./install-showtime.ts";

/** The script behind `reschedule`. */
export const rescheduleScript = defineScript("reschedule");

/** The new start and end of a showtime, epoch ms, and the version under which the ledger has them. */
export type RescheduleCommand = {
	readonly showtimeId: ShowtimeId;
	readonly scheduleVersion: number;
	readonly startsAt: number;
	readonly endsAt: number;
	/** Start and end that the ledger had before this version. */
	readonly movedFrom: NonNullable<ShowtimeEvent["movedFrom"]>;
	/** Who moves the showtime, for the audit trail; null for a change that no staff make. */
	readonly command: StaffCommand | null;
};

/**
 * Moves a showtime to the start and end that the ledger has under `scheduleVersion`; change the ledger first. Sales that closed at the old
 * start close at the new one, or when they open if that is later; `showtimeVersion` then rises, too. Also answers `set` when Redis has a
 * newer version, or has written this one to the outbox already, and for a start that has passed: the ledger has decided. Throws when the
 * showtime would not end after it starts. Safe to repeat.
 */
export const reschedule = durable({
	place: ({ showtimeId }: RescheduleCommand) => atBucketOf(showtimeId),
	async run(redis, { limits }, { showtimeId, scheduleVersion, startsAt, endsAt, movedFrom, command }): Promise<RescheduleOutcome> {
		const instants = [startsAt, endsAt, movedFrom.startsAt, movedFrom.endsAt];
		const areValid = instants.every((instant) => Number.isInteger(instant) && instant >= 0 && instant <= INSTANT_MAX_MS);
		assert(areValid && endsAt > startsAt, `a showtime cannot be moved from ${Object.values(movedFrom)} to ${[startsAt, endsAt]}`);
		const { status, rest } = await runScript(redis, rescheduleScript, {
			keys: { ...showtimeKeys(showtimeId), ...bucketKeys(bucketOf(showtimeId)) },
			args: {
				...{ showtimeId, scheduleVersion, startsAt, endsAt },
				...{ movedFromStart: movedFrom.startsAt, movedFromEnd: movedFrom.endsAt },
				...keyExpiryOf(endsAt),
				outboxMax: limits.outboxMax,
				...commandArgs(command),
			},
		});
		if (status !== "set") return { outcome: status };
		return { outcome: status, showtimeVersion: readInteger(rest[0]), scheduleVersion: readInteger(rest[1]) };
	},
	hasWritten: ({ outcome }) => outcome === "set",
});
