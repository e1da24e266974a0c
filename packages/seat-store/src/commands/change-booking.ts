/** Extend, confirm and cancel: the ways a user's booking changes. All answer with the whole booking. */
import { type Booking, type BookingId, bucketOf, ENDED_HOLD_TTL_MS, type Limits, SEATS_TTL_MS } from "@holdfast/domain";
import type { Redis } from "ioredis";
import { parseBooking, readIdempotencyKey } from "../booking-record.ts";
import { defineScript, runScript } from "../define-script.ts";
import { bookingKey, bucketKeys, idempotencyKey, showtimeKeys } from "../keys.ts";
import type { CancelOutcome, ConfirmOutcome, ExtendOutcome } from "../outcomes.ts";
import { readInteger, readText, unknownStatus } from "../reply.ts";
import type { ChangeBookingCommand } from "../seat-store.ts";

export const extendScript = defineScript("extend");
export const confirmScript = defineScript("confirm");
export const cancelScript = defineScript("cancel");

/** Give a live hold more time for its payment, once. A repeat answers the same. */
export async function extendHold(redis: Redis, limits: Limits, command: ChangeBookingCommand): Promise<ExtendOutcome> {
	const { meta, owner, expiry, buyers } = showtimeKeys(command.showtimeId);
	const keys = [meta, owner, expiry, buyers, bookingKey(command.bookingId)];
	// A script derives no key from data, so the key to move along is read first. place-hold alone writes it.
	const record = await redis.get(bookingKey(command.bookingId));
	const placedWith = record === null ? null : readIdempotencyKey(command.bookingId, record);
	if (placedWith !== null) keys.push(idempotencyKey(command.userId, command.showtimeId, placedWith));
	const args = [...argumentsOf(command), limits.holdExtensionMs, limits.holdLifeMaxMs, ENDED_HOLD_TTL_MS, SEATS_TTL_MS];
	const { status, rest } = await runScript(redis, extendScript, keys, args);
	switch (status) {
		case "extended":
			return { outcome: "extended", ...readChanged(command.bookingId, rest) };
		case "version_mismatch":
			return { outcome: status, version: readInteger(rest[0]) };
		case "hold_expired":
		case "booking_state":
		case "showtime_cancelled":
		case "not_found":
		case "not_loaded":
		case "not_ready":
		case "fenced":
		case "recovering":
			return { outcome: status };
		default:
			return unknownStatus(extendScript, status);
	}
}

/** Sell the seats of a live hold to its user. A repeat answers the same. */
export async function confirmBooking(redis: Redis, limits: Limits, command: ChangeBookingCommand): Promise<ConfirmOutcome> {
	const args = [...argumentsOf(command), limits.outboxMax, SEATS_TTL_MS];
	const { status, rest } = await runScript(redis, confirmScript, keysOf(command), args);
	switch (status) {
		case "confirmed":
			return { outcome: "confirmed", ...readChanged(command.bookingId, rest) };
		case "version_mismatch":
			return { outcome: status, version: readInteger(rest[0]) };
		case "hold_expired":
		case "booking_state":
		case "showtime_cancelled":
		case "busy":
		case "not_found":
		case "not_loaded":
		case "not_ready":
		case "fenced":
		case "recovering":
			return { outcome: status };
		default:
			return unknownStatus(confirmScript, status);
	}
}

/** Release a hold or cancel a confirmed booking. A repeat answers the same; an expired hold stays as it is. */
export async function cancelBooking(redis: Redis, limits: Limits, command: ChangeBookingCommand): Promise<CancelOutcome> {
	const { status, rest } = await runScript(redis, cancelScript, keysOf(command), [...argumentsOf(command), limits.outboxMax]);
	switch (status) {
		case "cancelled":
			return { outcome: "cancelled", ...readChanged(command.bookingId, rest) };
		case "version_mismatch":
			return { outcome: status, version: readInteger(rest[0]) };
		case "showtime_started":
		case "showtime_cancelled":
		case "busy":
		case "not_found":
		case "not_loaded":
		case "not_ready":
		case "fenced":
		case "recovering":
			return { outcome: status };
		default:
			return unknownStatus(cancelScript, status);
	}
}

function keysOf({ bookingId, showtimeId }: ChangeBookingCommand): string[] {
	const { meta, owner, map, expiry, buyers } = showtimeKeys(showtimeId);
	const { outbox, seq } = bucketKeys(bucketOf(showtimeId));
	return [meta, owner, map, expiry, buyers, bookingKey(bookingId), outbox, seq];
}

function argumentsOf({ bookingId, userId, ifVersion }: ChangeBookingCommand): (string | number)[] {
	return [bookingId, userId, ifVersion ?? ""];
}

function readChanged(bookingId: BookingId, [nowMs, record]: readonly unknown[]): { booking: Booking; nowMs: number } {
	return { booking: parseBooking(bookingId, readText(record)), nowMs: readInteger(nowMs) };
}
