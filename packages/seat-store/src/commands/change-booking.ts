/** The commands that change a user's booking: extend, confirm and cancel. On success each returns the whole booking. */
import { type Booking, type BookingId, bucketOf, ENDED_HOLD_TTL_MS, SEATS_TTL_MS, type ShowtimeId, type UserId } from "@holdfast/domain";
import { parseBooking, readIdempotencyKey } from "../booking-record.ts";
import { durable, write } from "../command.ts";
import { defineScript, runScript } from "../define-script.ts";
import { bookingKey, bucketKeys, idempotencyKey, showtimeKeys } from "../keys.ts";
import type { CancelOutcome, ConfirmOutcome, ExtendOutcome } from "../outcomes.ts";
import { atBucketOf } from "../place.ts";
import { readInteger, readText } from "../reply.ts";
import { commandArgs } from "../staff-command.ts";

/** Which booking to change, and on whose behalf. */
export type ChangeBookingCommand = {
	readonly bookingId: BookingId;
	readonly showtimeId: ShowtimeId;
	readonly userId: UserId;
	/** Change the booking only if it has this version, else answer `version_mismatch`. Null accepts any version. */
	readonly ifVersion: number | null;
};

/** The script behind `extendHold`. */
export const extendScript = defineScript("extend");
/** The script behind `confirmBooking`. */
export const confirmScript = defineScript("confirm");
/** The script behind `cancelBooking`. */
export const cancelScript = defineScript("cancel");

/** Gives a live hold more time for its payment, once per hold. Safe to repeat: a repeat returns the same booking. */
export const extendHold = write({
	place: ({ bookingId }: ChangeBookingCommand) => atBucketOf(bookingId),
	async run(redis, { limits }, command): Promise<ExtendOutcome> {
		// A script may only touch keys that are passed in KEYS, and the idempotency key is in the record. So the record is read before
		// the script runs. The key is still right then: only place-hold writes it.
		const record = await redis.get(bookingKey(command.bookingId));
		const placedWith = record === null ? null : readIdempotencyKey(command.bookingId, record);
		const idempotency = placedWith === null ? null : idempotencyKey(command.userId, command.showtimeId, placedWith);
		const { holdExtensionMs: extensionMs, holdLifeMaxMs: lifeMaxMs } = limits;
		const { status, rest } = await runScript(redis, extendScript, {
			keys: { ...keysOf(command), idempotency },
			args: { ...argumentsOf(command), extensionMs, lifeMaxMs, endedHoldTtlMs: ENDED_HOLD_TTL_MS, seatsTtlMs: SEATS_TTL_MS },
		});
		if (status === "extended") return { outcome: status, ...readChanged(command.bookingId, rest) };
		if (status === "version_mismatch") return { outcome: status, version: readInteger(rest[0]) };
		return { outcome: status };
	},
});

/** Sells the seats of a live hold to its user. Safe to repeat: a repeat returns the same booking. */
export const confirmBooking = durable({
	place: ({ bookingId }: ChangeBookingCommand) => atBucketOf(bookingId),
	async run(redis, { limits }, command): Promise<ConfirmOutcome> {
		const { status, rest } = await runScript(redis, confirmScript, {
			keys: keysOf(command),
			args: { ...argumentsOf(command), outboxMax: limits.outboxMax, seatsTtlMs: SEATS_TTL_MS, ...commandArgs(null) },
		});
		if (status === "confirmed") return { outcome: status, ...readChanged(command.bookingId, rest) };
		if (status === "version_mismatch") return { outcome: status, version: readInteger(rest[0]) };
		return { outcome: status };
	},
	hasWritten: ({ outcome }) => outcome === "confirmed",
});

/**
 * Releases a hold or cancels a confirmed booking. An expired hold is returned unchanged, also as `cancelled`. Safe to repeat: a repeat
 * returns the same booking.
 */
export const cancelBooking = durable({
	place: ({ bookingId }: ChangeBookingCommand) => atBucketOf(bookingId),
	async run(redis, { limits }, command): Promise<CancelOutcome> {
		const { status, rest } = await runScript(redis, cancelScript, {
			keys: keysOf(command),
			args: { ...argumentsOf(command), outboxMax: limits.outboxMax, ...commandArgs(null), refundPercent: "" },
		});
		if (status === "cancelled") return { outcome: status, ...readChanged(command.bookingId, rest) };
		if (status === "version_mismatch") return { outcome: status, version: readInteger(rest[0]) };
		return { outcome: status };
	},
	hasWritten: ({ outcome }) => outcome === "cancelled",
});

/** Returns the keys of the scripts that change a booking. */
export const keysOf = ({ bookingId, showtimeId }: ChangeBookingCommand) => ({
	...showtimeKeys(showtimeId),
	...bucketKeys(bucketOf(showtimeId)),
	booking: bookingKey(bookingId),
});

/** Returns the arguments that these scripts share. */
export const argumentsOf = ({ bookingId, userId, ifVersion }: ChangeBookingCommand) => ({ bookingId, userId, ifVersion: ifVersion ?? "" });

/** Reads what these scripts reply behind the status when they have changed the booking. */
export function readChanged(bookingId: BookingId, [nowMs, record]: readonly unknown[]): { booking: Booking; nowMs: number } {
	return { booking: parseBooking(bookingId, readText(record)), nowMs: readInteger(nowMs) };
}
