/** The booking record (`{bN}:bk:<id>`, a hash of strings) to and from the domain's Booking. */
import {
	BOOKING_STATES,
	type Booking,
	type BookingId,
	type BookingState,
	parseSeatPlanId,
	parseShowtimeId,
	parseUserId,
} from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { readInteger } from "./reply.ts";

export type RecordFields = Readonly<Record<string, string | undefined>>;

export const formatSeats = (seats: readonly number[]): string => seats.join(",");
export const parseSeats = (list: string): number[] => list.split(",").map(readInteger);

/** Parse a record; throws when a field is missing or makes no sense. */
export function parseBooking(id: BookingId, fields: RecordFields): Booking {
	const state = BOOKING_STATES.find((known): known is BookingState => known === fields.state);
	const userId = parseUserId(fields.user ?? "");
	const showtimeId = parseShowtimeId(fields.showtime ?? "");
	const planId = parseSeatPlanId(fields.plan ?? "");
	assert(state && userId && showtimeId && planId, `the record of booking ${id} is whole`);
	return {
		id,
		userId,
		showtimeId,
		planId,
		seats: parseSeats(fields.seats ?? ""),
		state,
		version: readInteger(fields.v),
		total: { amount: readInteger(fields.amount), currency: fields.currency ?? "" },
		createdAt: readInteger(fields.createdAt),
		expiresAt: readInteger(fields.expiresAt),
		confirmedAt: fields.confirmedAt ? readInteger(fields.confirmedAt) : null,
		cancelledAt: fields.cancelledAt ? readInteger(fields.cancelledAt) : null,
		recorded: fields.recorded === "1",
		scheduleVersion: readInteger(fields.scheduleVersion),
	};
}

/** The record's fields as a flat list, for a booking that the ledger has. */
export function formatBooking(booking: Booking): string[] {
	const fields: Record<string, string | number> = {
		user: booking.userId,
		showtime: booking.showtimeId,
		plan: booking.planId,
		seats: formatSeats(booking.seats),
		state: booking.state,
		v: booking.version,
		amount: booking.total.amount,
		currency: booking.total.currency,
		createdAt: booking.createdAt,
		expiresAt: booking.expiresAt,
		recorded: "1",
		scheduleVersion: booking.scheduleVersion,
	};
	if (booking.confirmedAt !== null) fields.confirmedAt = booking.confirmedAt;
	if (booking.cancelledAt !== null) fields.cancelledAt = booking.cancelledAt;
	return Object.entries(fields).flat().map(String);
}
