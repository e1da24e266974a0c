/** Place a hold: all seats or none. */
import {
	type Booking,
	type BookingId,
	bucketOf,
	ENDED_HOLD_TTL_MS,
	isBookingAmount,
	type OpenShowtime,
	SEATS_TTL_MS,
	USER_INDEX_MAX,
	USER_INDEX_TTL_MS,
	type UserId,
} from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { write } from "../command.ts";
import { defineScript, runScript, type ScriptReply, type StatusOf } from "../define-script.ts";
import { bookingKey, bucketKeys, idempotencyKey, showtimeKeys, userIndexKey } from "../keys.ts";
import type { PlaceHoldOutcome } from "../outcomes.ts";
import { atBucketOf } from "../place.ts";
import { readBookingId, readInteger, readText } from "../reply.ts";

export type PlaceHoldCommand = {
	readonly bookingId: BookingId;
	readonly userId: UserId;
	/** The showtime as it was priced; the script refuses with `stale_prices` when plan or prices have moved on. */
	readonly showtime: OpenShowtime;
	/** Distinct seat indexes, ascending, 1..seatsPerBookingMax. */
	readonly seats: readonly number[];
	/** Total price in minor units under `showtime.prices`, at most `BOOKING_AMOUNT_MAX`. */
	readonly amount: number;
	readonly idempotencyKey: string | null;
};

export const placeHoldScript = defineScript("place-hold");

/** Give every requested seat to one new booking, or none. Repeating it with the same booking id answers the same. */
export const placeHold = write({
	place: ({ showtime }: PlaceHoldCommand) => atBucketOf(showtime.id),
	async run(redis, { limits }, command) {
		const { bookingId, userId, showtime, seats, idempotencyKey: key } = command;
		assert(seats.length >= 1 && seats.length <= limits.seatsPerBookingMax, "a hold is for 1..seatsPerBookingMax seats");
		assert(isBookingAmount(command.amount), `${command.amount} is not an amount that a booking may cost`);
		assert(bucketOf(bookingId) === bucketOf(showtime.id), "a booking lives in the bucket of its showtime");
		const bucket = bucketOf(showtime.id);
		const reply = await runScript(redis, placeHoldScript, {
			keys: {
				...showtimeKeys(showtime.id),
				...bucketKeys(bucket),
				booking: bookingKey(bookingId),
				userIndex: userIndexKey(bucket, userId),
				idempotency: key === null ? null : idempotencyKey(userId, showtime.id, key),
			},
			args: {
				showtimeId: showtime.id,
				bookingId,
				userId,
				planId: showtime.planId,
				priceVersion: showtime.priceVersion,
				amount: command.amount,
				holdTtlMs: limits.holdTtlMs,
				seatsPerUserMax: limits.seatsPerUserMax,
				liveHoldsPerUserMax: limits.liveHoldsPerUserMax,
				holdsPerHourMax: limits.holdsPerHourMax,
				endedHoldTtlMs: ENDED_HOLD_TTL_MS,
				userIndexMax: USER_INDEX_MAX,
				userIndexTtlMs: USER_INDEX_TTL_MS,
				seatsTtlMs: SEATS_TTL_MS,
				idempotencyKey: key ?? "",
				seats,
			},
		});
		return parseReply(command, reply);
	},
});

function parseReply(command: PlaceHoldCommand, { status, rest }: ScriptReply<StatusOf<"place-hold">>): PlaceHoldOutcome {
	switch (status) {
		case "held":
			return { outcome: "held", nowMs: readInteger(rest[0]), booking: heldBooking(command, rest) };
		case "replayed":
			return { outcome: "replayed", bookingId: readBookingId(rest[0]) };
		case "seats_taken":
			return { outcome: "seats_taken", seats: rest.map(readInteger) };
		case "hourly_limit":
			return { outcome: "hourly_limit", retryInMs: readInteger(rest[0]) };
		default:
			return { outcome: status };
	}
}

function heldBooking(command: PlaceHoldCommand, [, createdAt, expiresAt, currency]: readonly unknown[]): Booking {
	return {
		id: command.bookingId,
		userId: command.userId,
		showtimeId: command.showtime.id,
		planId: command.showtime.planId,
		seats: command.seats,
		state: "HELD",
		version: 1,
		total: { amount: command.amount, currency: readText(currency) },
		createdAt: readInteger(createdAt),
		expiresAt: readInteger(expiresAt),
		confirmedAt: null,
		cancelledAt: null,
		recorded: false,
		scheduleVersion: command.showtime.scheduleVersion,
	};
}
