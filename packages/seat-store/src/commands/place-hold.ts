/** Place a hold: all seats or none. */
import {
	bucketOf,
	ENDED_HOLD_TTL_MS,
	isPrice,
	type Limits,
	SEATS_TTL_MS,
	sumOf,
	USER_INDEX_MAX,
	USER_INDEX_TTL_MS,
} from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import type { Redis } from "ioredis";
import { formatSeats, parseBooking } from "../booking-record.ts";
import { defineScript, runScript } from "../define-script.ts";
import { bookingKey, bucketKeys, idempotencyKey, showtimeKeys, userIndexKey } from "../keys.ts";
import type { PlaceHoldOutcome } from "../outcomes.ts";
import { readBookingId, readInteger, readText, type ScriptReply, unknownStatus } from "../reply.ts";
import type { PlaceHoldCommand } from "../seat-store.ts";

export const placeHoldScript = defineScript("place-hold");

export async function placeHold(redis: Redis, limits: Limits, command: PlaceHoldCommand): Promise<PlaceHoldOutcome> {
	const { bookingId, userId, showtime, seats, amounts, idempotencyKey: key } = command;
	assert(seats.length >= 1 && seats.length <= limits.seatsPerBookingMax, "a hold is for 1..seatsPerBookingMax seats");
	assert(amounts.length === seats.length && amounts.every(isPrice), `${amounts} are not what ${seats.length} seats may cost`);
	assert(bucketOf(bookingId) === bucketOf(showtime.id), "a booking lives in the bucket of its showtime");
	const bucket = bucketKeys(bucketOf(showtime.id));
	const { meta, owner, map, expiry, buyers } = showtimeKeys(showtime.id);
	const keys = [meta, owner, map, expiry, bucket.expiries, buyers, bookingKey(bookingId), userIndexKey(bucketOf(showtime.id), userId)];
	if (key !== null) keys.push(idempotencyKey(userId, showtime.id, key));
	const reply = await runScript(redis, placeHoldScript, keys, [
		showtime.id,
		bookingId,
		userId,
		showtime.planId,
		showtime.priceVersion,
		sumOf(amounts),
		formatSeats(amounts),
		limits.holdTtlMs,
		limits.seatsPerUserMax,
		limits.liveHoldsPerUserMax,
		limits.holdsPerHourMax,
		ENDED_HOLD_TTL_MS,
		USER_INDEX_MAX,
		USER_INDEX_TTL_MS,
		SEATS_TTL_MS,
		key ?? "",
		...seats,
	]);
	return parseReply(command, reply);
}

function parseReply(command: PlaceHoldCommand, { status, rest }: ScriptReply): PlaceHoldOutcome {
	switch (status) {
		case "held":
			return { outcome: "held", nowMs: readInteger(rest[0]), booking: parseBooking(command.bookingId, readText(rest[1])) };
		case "replayed":
			return { outcome: "replayed", bookingId: readBookingId(rest[0]) };
		case "seats_taken":
			return { outcome: "seats_taken", seats: rest.map(readInteger) };
		case "hourly_limit":
			return { outcome: "hourly_limit", retryInMs: readInteger(rest[0]) };
		case "seat_limit":
		case "hold_limit":
		case "not_on_sale":
		case "showtime_closed":
		case "showtime_cancelled":
		case "idempotency_mismatch":
		case "stale_prices":
		case "not_ready":
		case "fenced":
		case "recovering":
			return { outcome: status };
		default:
			return unknownStatus(placeHoldScript, status);
	}
}
