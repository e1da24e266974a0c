/** The command that places a hold for staff, who sell for a customer or at the counter. */
import {
	type BookingId,
	bucketOf,
	ENDED_HOLD_TTL_MS,
	LIMIT_SPECS,
	SEATS_TTL_MS,
	type StaffCommand,
	sumOf,
	USER_INDEX_MAX,
	USER_INDEX_TTL_MS,
} from "@holdfast/domain";
import { formatSeats, parseBooking } from "../booking-record.ts";
import { write } from "../command.ts";
import { defineScript, runScript, type ScriptReply, type StatusOf } from "../define-script.ts";
import { bookingKey, bucketKeys, showtimeKeys, staffIdempotencyKey, userIndexKey } from "../keys.ts";
import type { PlaceStaffHoldOutcome } from "../outcomes.ts";
import { atBucketOf } from "../place.ts";
import { readBookingId, readInteger, readText } from "../reply.ts";
import { commandArgs } from "../staff-command.ts";
import { assertHoldable, type PlaceHoldCommand } from "./place-hold.ts";

/**
 * As `PlaceHoldCommand`. `userId`: whom the seats are for, `BOX_OFFICE_USER_ID` for a customer without an account. At most
 * `LIMIT_SPECS.seatsPerBookingMax.max` seats. An `idempotencyKey` is valid for one actor at one showtime.
 */
export type PlaceStaffHoldCommand = PlaceHoldCommand & { readonly command: StaffCommand };

/** The script behind `placeStaffHold`. */
export const placeStaffHoldScript = defineScript("place-staff-hold");

/**
 * Gives every requested seat to one new booking, or none. Blocks, the sales window (also a pause or a close) and the limits of users do not
 * count. The event of the confirm carries `command` as `booking.sold`, also if the customer confirms; so confirm a sale with `confirmBooking`,
 * not with `confirmByStaff`. Throws when the command itself is invalid, as `placeHold` does. Safe to repeat with the same booking id.
 */
export const placeStaffHold = write({
	place: ({ showtime }: PlaceStaffHoldCommand) => atBucketOf(showtime.id),
	async run(redis, { limits }, command) {
		const { bookingId, userId, showtime, seats, amounts, idempotencyKey: key } = command;
		assertHoldable(command, LIMIT_SPECS.seatsPerBookingMax.max);
		const bucket = bucketOf(showtime.id);
		const reply = await runScript(redis, placeStaffHoldScript, {
			keys: {
				...showtimeKeys(showtime.id),
				...bucketKeys(bucket),
				booking: bookingKey(bookingId),
				userIndex: userIndexKey(bucket, userId),
				idempotency: key === null ? null : staffIdempotencyKey(command.command.actor, showtime.id, key),
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
				endedHoldTtlMs: ENDED_HOLD_TTL_MS,
				userIndexMax: USER_INDEX_MAX,
				userIndexTtlMs: USER_INDEX_TTL_MS,
				seatsTtlMs: SEATS_TTL_MS,
				outboxMax: limits.outboxMax,
				...commandArgs(command.command),
				seats,
			},
		});
		return parseReply(bookingId, reply);
	},
});

function parseReply(bookingId: BookingId, { status, rest }: ScriptReply<StatusOf<"place-staff-hold">>): PlaceStaffHoldOutcome {
	switch (status) {
		case "held":
			return { outcome: status, nowMs: readInteger(rest[0]), booking: parseBooking(bookingId, readText(rest[1])) };
		case "replayed":
			return { outcome: status, bookingId: readBookingId(rest[0]) };
		case "seats_taken":
			return { outcome: status, seats: rest.map(readInteger) };
		default:
			return { outcome: status };
	}
}
