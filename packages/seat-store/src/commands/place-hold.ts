/** Place a hold: all seats or none. */
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

export type PlaceHoldCommand = {
	readonly bookingId: BookingId;
	readonly userId: UserId;
	/** The showtime as it was priced; the script refuses with `stale_prices` when plan or prices have moved on. */
	readonly showtime: OpenShowtime;
	/** Distinct seat indexes, ascending, 1..seatsPerBookingMax. */
	readonly seats: readonly number[];
	/** What each of `seats` costs under `showtime.prices`, in the same order, minor units; at most `PRICE_MAX` each. */
	readonly amounts: readonly number[];
	readonly idempotencyKey: string | null;
};

export const placeHoldScript = defineScript("place-hold");

/** Give every requested seat to one new booking, or none. Repeating it with the same booking id answers the same. */
export const placeHold = write({
	place: ({ showtime }: PlaceHoldCommand) => atBucketOf(showtime.id),
	async run(redis, { limits }, command) {
		const { bookingId, userId, showtime, seats, amounts, idempotencyKey: key } = command;
		assert(seats.length >= 1 && seats.length <= limits.seatsPerBookingMax, "a hold is for 1..seatsPerBookingMax seats");
		assert(amounts.length === seats.length && amounts.every(isPrice), `${amounts} are not what ${seats.length} seats may cost`);
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
		default:
			return { outcome: status };
	}
}
