/** The command that places a hold: it gives a user all of the requested seats or none. */
import {
	type BookingId,
	bucketOf,
	ENDED_HOLD_TTL_MS,
	isPrice,
	type OpenShowtime,
	SEATS_TTL_MS,
	sumOf,
	USER_INDEX_MAX,
	USER_INDEX_TTL_MS,
	type UserId,
} from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { formatSeats, parseBooking } from "../booking-record.ts";
import { write } from "../command.ts";
import { defineScript, runScript, type ScriptReply, type StatusOf } from "../define-script.ts";
import { bookingKey, bucketKeys, idempotencyKey, showtimeKeys, userIndexKey } from "../keys.ts";
import type { PlaceHoldOutcome } from "../outcomes.ts";
import { atBucketOf } from "../place.ts";
import { readBookingId, readInteger, readText } from "../reply.ts";

/** Who wants to hold which seats of which showtime, at which prices. */
export type PlaceHoldCommand = {
	readonly bookingId: BookingId;
	readonly userId: UserId;
	/** The showtime that `amounts` was computed from. Answered `stale_prices` when its plan or price version is no longer current. */
	readonly showtime: OpenShowtime;
	/** Distinct seat indexes in ascending order, from 1 to `seatsPerBookingMax` of them. */
	readonly seats: readonly number[];
	/** The price of each seat under `showtime.prices`, in the order of `seats`, in minor units, each at most `PRICE_MAX`. */
	readonly amounts: readonly number[];
	/** The key that the client sent to make its request repeatable, if it sent one. */
	readonly idempotencyKey: string | null;
};

/** The script behind `placeHold`. */
export const placeHoldScript = defineScript("place-hold");

/**
 * Gives every requested seat to one new booking, or none. Throws when the command itself is invalid: seats, amounts or buckets that do not
 * fit together. Safe to repeat with the same booking id: a repeat returns the booking as it is now.
 */
export const placeHold = write({
	place: ({ showtime }: PlaceHoldCommand) => atBucketOf(showtime.id),
	async run(redis, { limits }, command) {
		const { bookingId, userId, showtime, seats, amounts, idempotencyKey: key } = command;
		assertHoldable(command, limits.seatsPerBookingMax);
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
				amount: sumOf(amounts),
				amounts: formatSeats(amounts),
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

/** Throws when seats, amounts or buckets of the command do not fit together, or when it asks for more than `seatsMax` seats. */
export function assertHoldable({ bookingId, showtime, seats, amounts }: PlaceHoldCommand, seatsMax: number): void {
	assert(seats.length >= 1 && seats.length <= seatsMax, `the hold has ${seats.length} seats, not 1 to ${seatsMax} (seatsPerBookingMax)`);
	assert(amounts.length === seats.length && amounts.every(isPrice), `invalid amounts ${amounts} for ${seats.length} seats`);
	assert(bucketOf(bookingId) === bucketOf(showtime.id), "the booking is not in the bucket of its showtime");
}

function parseReply(command: PlaceHoldCommand, { status, rest }: ScriptReply<StatusOf<"place-hold">>): PlaceHoldOutcome {
	switch (status) {
		case "held":
			return { outcome: "held", nowMs: readInteger(rest[0]), booking: parseBooking(command.bookingId, readText(rest[1])) };
		case "replayed":
			return { outcome: "replayed", bookingId: readBookingId(rest[0]) };
		case "seats_taken":
			return { outcome: "seats_taken", seats: rest.map(readInteger) };
		case "hourly_limit":
			return { outcome: "hourly_limit", retryInMs: readInteger(rest[0]) };
		case "not_on_sale":
			return { outcome: "not_on_sale", nowMs: readInteger(rest[0]), salesOpenAt: rest[1] === "" ? null : readInteger(rest[1]) };
		default:
			return { outcome: status };
	}
}
