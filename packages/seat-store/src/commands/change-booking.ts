/** Extend, confirm and cancel: the ways a user's booking changes. All answer with the whole booking. */
import { type Booking, type BookingId, bucketOf, ENDED_HOLD_TTL_MS, SEATS_TTL_MS, type ShowtimeId, type UserId } from "@holdfast/domain";
import { parseBooking, readIdempotencyKey } from "../booking-record.ts";
import { durable, write } from "../command.ts";
import { defineScript, runScript } from "../define-script.ts";
import { bookingKey, bucketKeys, idempotencyKey, showtimeKeys } from "../keys.ts";
import type { CancelOutcome, ConfirmOutcome, ExtendOutcome } from "../outcomes.ts";
import { atBucketOf } from "../place.ts";
import { readInteger, readText } from "../reply.ts";

export type ChangeBookingCommand = {
	readonly bookingId: BookingId;
	readonly showtimeId: ShowtimeId;
	readonly userId: UserId;
	/** Only if the booking stands at this version; null: whatever it is. */
	readonly ifVersion: number | null;
};

export const extendScript = defineScript("extend");
export const confirmScript = defineScript("confirm");
export const cancelScript = defineScript("cancel");

/** Give a live hold more time for its payment, once per hold. A repeat answers the same. */
export const extendHold = write({
	place: ({ bookingId }: ChangeBookingCommand) => atBucketOf(bookingId),
	async run(redis, { limits }, command): Promise<ExtendOutcome> {
		// A script derives no key from data, so the key to move along is read first. place-hold alone writes it.
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

/** Sell the seats of a live hold to its user. A repeat answers the same. */
export const confirmBooking = durable({
	place: ({ bookingId }: ChangeBookingCommand) => atBucketOf(bookingId),
	async run(redis, { limits }, command): Promise<ConfirmOutcome> {
		const { status, rest } = await runScript(redis, confirmScript, {
			keys: keysOf(command),
			args: { ...argumentsOf(command), outboxMax: limits.outboxMax, seatsTtlMs: SEATS_TTL_MS },
		});
		if (status === "confirmed") return { outcome: status, ...readChanged(command.bookingId, rest) };
		if (status === "version_mismatch") return { outcome: status, version: readInteger(rest[0]) };
		return { outcome: status };
	},
	hasWritten: ({ outcome }) => outcome === "confirmed",
});

/** Release a hold or cancel a confirmed booking. A repeat answers the same; an expired hold stays as it is. */
export const cancelBooking = durable({
	place: ({ bookingId }: ChangeBookingCommand) => atBucketOf(bookingId),
	async run(redis, { limits }, command): Promise<CancelOutcome> {
		const { status, rest } = await runScript(redis, cancelScript, {
			keys: keysOf(command),
			args: { ...argumentsOf(command), outboxMax: limits.outboxMax },
		});
		if (status === "cancelled") return { outcome: status, ...readChanged(command.bookingId, rest) };
		if (status === "version_mismatch") return { outcome: status, version: readInteger(rest[0]) };
		return { outcome: status };
	},
	hasWritten: ({ outcome }) => outcome === "cancelled",
});

const keysOf = ({ bookingId, showtimeId }: ChangeBookingCommand) => ({
	...showtimeKeys(showtimeId),
	...bucketKeys(bucketOf(showtimeId)),
	booking: bookingKey(bookingId),
});

const argumentsOf = ({ bookingId, userId, ifVersion }: ChangeBookingCommand) => ({ bookingId, userId, ifVersion: ifVersion ?? "" });

function readChanged(bookingId: BookingId, [nowMs, record]: readonly unknown[]): { booking: Booking; nowMs: number } {
	return { booking: parseBooking(bookingId, readText(record)), nowMs: readInteger(nowMs) };
}
