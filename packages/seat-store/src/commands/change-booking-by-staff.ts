/**
 * The commands by which staff change a booking: confirm, cancel, revive and reseat. On success each returns the whole booking. Each takes
 * the booking's own user: staff act for the customer. The outbox entry carries the command, for the audit trail.
 */
import { SEATS_TTL_MS, type StaffCommand, sumOf } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { formatSeats } from "../booking-record.ts";
import { durable } from "../command.ts";
import { defineScript, runScript } from "../define-script.ts";
import type { ConfirmOutcome, ReseatOutcome, ReviveOutcome, StaffCancelOutcome } from "../outcomes.ts";
import { atBucketOf } from "../place.ts";
import { readInteger } from "../reply.ts";
import { commandArgs } from "../staff-command.ts";
import { argumentsOf, type ChangeBookingCommand, cancelScript, confirmScript, keysOf, readChanged } from "./change-booking.ts";

/** Which booking to change, with `userId` as its record has it, and who of the staff changes it. */
export type StaffChangeCommand = ChangeBookingCommand & { readonly command: StaffCommand };

/** `refundPercent`: how much of the amount the customer gets back, an integer from 0 to 100. A hold is released without a refund. */
export type StaffCancelCommand = StaffChangeCommand & { readonly refundPercent: number };

/**
 * `ledgerVersion`: the version at which the ledger has the booking as cancelled, with its refund withheld, or without one; null if the
 * ledger has it otherwise. `deadlineMs`: until when the refund is withheld, by the clock of the booking's bucket (epoch ms).
 */
export type ReviveCommand = StaffChangeCommand & { readonly ledgerVersion: number | null; readonly deadlineMs: number };

/** `seats`: distinct seat indexes in ascending order. `amounts`: what each of them costs, in this order, in minor units. */
export type ReseatCommand = StaffChangeCommand & { readonly seats: readonly number[]; readonly amounts: readonly number[] };

/** The script behind `reviveBooking`. */
export const reviveScript = defineScript("revive");
/** The script behind `reseatBooking`. */
export const reseatScript = defineScript("reseat");

const place = ({ bookingId }: ChangeBookingCommand) => atBucketOf(bookingId);

/** Sells the seats of a live hold to its user. As `confirmBooking`, with the command in the outbox entry. Safe to repeat. */
export const confirmByStaff = durable({
	place,
	async run(redis, { limits }, { command, ...change }: StaffChangeCommand): Promise<ConfirmOutcome> {
		const { status, rest } = await runScript(redis, confirmScript, {
			keys: keysOf(change),
			args: { ...argumentsOf(change), outboxMax: limits.outboxMax, seatsTtlMs: SEATS_TTL_MS, ...commandArgs(command) },
		});
		if (status === "confirmed") return { outcome: status, ...readChanged(change.bookingId, rest) };
		if (status === "version_mismatch") return { outcome: status, version: readInteger(rest[0]) };
		return { outcome: status };
	},
	hasWritten: ({ outcome }) => outcome === "confirmed",
});

/**
 * Releases a hold or cancels a confirmed booking, also after the start of the showtime. An expired hold is returned unchanged, also as
 * `cancelled`. Throws when `refundPercent` is not an integer from 0 to 100. Safe to repeat: a repeat returns the same booking.
 */
export const cancelByStaff = durable({
	place,
	async run(redis, { limits }, { command, refundPercent, ...change }: StaffCancelCommand): Promise<StaffCancelOutcome> {
		assert(Number.isInteger(refundPercent) && refundPercent >= 0 && refundPercent <= 100, `a refund of ${refundPercent} percent`);
		const { status, rest } = await runScript(redis, cancelScript, {
			keys: keysOf(change),
			args: { ...argumentsOf(change), outboxMax: limits.outboxMax, ...commandArgs(command), refundPercent },
		});
		if (status === "cancelled") return { outcome: status, ...readChanged(change.bookingId, rest) };
		if (status === "version_mismatch") return { outcome: status, version: readInteger(rest[0]) };
		assert(status !== "showtime_started", "the start of the showtime does not end what staff may cancel");
		return { outcome: status };
	},
	hasWritten: ({ outcome }) => outcome === "cancelled",
});

/**
 * Brings a cancelled booking back, if its seats are free. Call `driveRevive` of showtime-actions instead, which withholds the refund
 * first. Safe to repeat: a confirmed booking is returned as it is.
 */
export const reviveBooking = durable({
	place,
	async run(redis, { limits }, { command, ledgerVersion, deadlineMs, ...change }: ReviveCommand): Promise<ReviveOutcome> {
		const { status, rest } = await runScript(redis, reviveScript, {
			keys: keysOf(change),
			args: {
				...argumentsOf(change),
				outboxMax: limits.outboxMax,
				seatsTtlMs: SEATS_TTL_MS,
				ledgerVersion: ledgerVersion ?? "",
				deadline: deadlineMs,
				...commandArgs(command),
			},
		});
		if (status === "confirmed") return { outcome: status, ...readChanged(change.bookingId, rest) };
		if (status === "version_mismatch") return { outcome: status, version: readInteger(rest[0]) };
		if (status === "seats_taken") return { outcome: status, seats: rest.map(readInteger) };
		return { outcome: status };
	},
	hasWritten: ({ outcome }) => outcome === "confirmed",
});

/**
 * Moves a confirmed booking to other seats, of which it may own some already: all or none. The number of seats and the amount stay, see
 * `amountsOfReseat` of the domain. Blocked seats pass, as in a sale of staff. Throws when seats and amounts do not fit together. Safe to
 * repeat: a booking that has these seats is returned as it is.
 */
export const reseatBooking = durable({
	place,
	async run(redis, { limits }, { command, seats, amounts, ...change }: ReseatCommand): Promise<ReseatOutcome> {
		assert(seats.length >= 1 && amounts.length === seats.length, `${amounts.length} amounts for ${seats.length} seats`);
		assert(
			seats.every((seat, i) => Number.isInteger(seat) && seat > (seats[i - 1] ?? -1)),
			"the seats are not distinct and ascending",
		);
		const { status, rest } = await runScript(redis, reseatScript, {
			keys: keysOf(change),
			args: {
				...argumentsOf(change),
				outboxMax: limits.outboxMax,
				seatsTtlMs: SEATS_TTL_MS,
				amount: sumOf(amounts),
				amounts: formatSeats(amounts),
				...commandArgs(command),
				seats,
			},
		});
		switch (status) {
			case "reseated":
				return { outcome: status, ...readChanged(change.bookingId, rest) };
			case "version_mismatch":
				return { outcome: status, version: readInteger(rest[0]) };
			case "seats_taken":
				return { outcome: status, seats: rest.map(readInteger) };
			case "seat_count_differs":
				return { outcome: status, count: readInteger(rest[0]) };
			case "amount_differs":
				return { outcome: status, amount: readInteger(rest[0]) };
			default:
				return { outcome: status };
		}
	},
	hasWritten: ({ outcome }) => outcome === "reseated",
});
