/** Parses the fields of an outbox entry, which the scripts write (include/append-event.lua, include/append-showtime-event.lua). */
import {
	BOOKING_ACTIONS,
	BOOKING_EVENT_TYPES,
	type BookingCommand,
	type BookingEvent,
	type BookingStaff,
	EVENT_SCHEMAS,
	type OutboxEvent,
	parseBookingId,
	parseShowtimeId,
	parseUserId,
	type ReleaseEvent,
	SHOWTIME_EVENT_TYPES,
	SHOWTIME_STATES,
	type ShowtimeEvent,
	type StaffCommand,
	type TierPrices,
} from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { parseBooking, parseSeats } from "./booking-record.ts";
import { readInteger, readList, readText } from "./reply.ts";

/** Parses the fields of an outbox entry into an event. Null when this version of the code cannot read them as one. Never throws. */
export function parseEvent(raw: Readonly<Record<string, string>>): OutboxEvent | null {
	try {
		const schema = readInteger(raw.schema);
		if (schema < EVENT_SCHEMAS.oldest || schema > EVENT_SCHEMAS.newest) return null;
		return parseBookingEvent(raw) ?? parseShowtimeEvent(raw);
	} catch {
		return null;
	}
}

function parseBookingEvent(raw: Readonly<Record<string, string>>): BookingEvent | ReleaseEvent | null {
	const type = BOOKING_EVENT_TYPES.find((known) => known === raw.type);
	const bookingId = parseBookingId(raw.bookingId ?? "");
	if (!bookingId || !(type || raw.type === "admin.released")) return null;
	const { id: _id, state: _state, recorded: _recorded, confirmedAt, ...booking } = parseBooking(bookingId, readText(raw.booking));
	// read-batch took the epoch of the showtime in the entry's own field, so the booking must name the same showtime.
	if (booking.showtimeId !== raw.showtimeId) return null;
	const fields = { seq: readInteger(raw.seq), bookingId, ...booking, at: readInteger(raw.at) };
	const staff = readStaff(raw);
	if (type) return confirmedAt === null ? null : { type, ...fields, confirmedAt, staff };
	return staff === null || confirmedAt !== null ? null : { type: "admin.released", ...fields, confirmedAt, staff };
}

/** Reads which staff caused the transition of a booking; null when no staff did. Throws when a field is missing or invalid. */
function readStaff({ commands, refundPercent, seatsBefore }: Readonly<Record<string, string>>): BookingStaff | null {
	if (commands === undefined) return null;
	const percent = refundPercent === undefined ? null : readInteger(refundPercent);
	assert(percent === null || (percent >= 0 && percent <= 100), `the refund of an outbox entry is ${percent} percent`);
	return {
		commands: readList(JSON.parse(commands)).map(readBookingCommand),
		refundPercent: percent,
		seatsBefore: seatsBefore === undefined ? null : parseSeats(seatsBefore),
	};
}

function readBookingCommand(value: unknown): BookingCommand {
	const { action: name, actor, requestId, reason } = Object(value);
	const action = BOOKING_ACTIONS.find((known) => known === name);
	const command = readCommand({ actor, requestId, reason: reason ?? "" });
	assert(action !== undefined && command !== null, `an outbox entry has an invalid command: ${JSON.stringify(value)}`);
	return { ...command, action };
}

function parseShowtimeEvent(raw: Readonly<Record<string, string>>): ShowtimeEvent | null {
	const type = SHOWTIME_EVENT_TYPES.find((known) => known === raw.type);
	const state = SHOWTIME_STATES.find((known) => known === raw.state);
	const showtimeId = parseShowtimeId(raw.showtimeId ?? "");
	if (!type || !state || !showtimeId) return null;
	return {
		type,
		seq: readInteger(raw.seq),
		showtimeId,
		showtimeVersion: readInteger(raw.showtimeVersion),
		state,
		priceVersion: readInteger(raw.priceVersion),
		prices: readPrices(raw.prices),
		currency: readText(raw.currency),
		salesOpenAt: readInteger(raw.salesOpenAt),
		salesCloseAt: readInteger(raw.salesCloseAt),
		blockedSeats: raw.blockedSeats ? parseSeats(raw.blockedSeats) : [],
		scheduleVersion: readInteger(raw.scheduleVersion),
		startsAt: readInteger(raw.startsAt),
		endsAt: readInteger(raw.endsAt),
		at: readInteger(raw.at),
		command: readCommand(raw),
		movedFrom: raw.fromStartsAt === undefined ? null : { startsAt: readInteger(raw.fromStartsAt), endsAt: readInteger(raw.fromEndsAt) },
	};
}

/** Reads who made the change; null when no staff did. Throws when the actor is not a user id. */
function readCommand({ actor, requestId, reason }: Readonly<Record<string, string>>): StaffCommand | null {
	if (actor === undefined) return null;
	const userId = parseUserId(actor);
	assert(userId !== null, `the actor of an outbox entry is not a user id: ${actor}`);
	return { actor: userId, requestId: readText(requestId), reason: readText(reason) || null };
}

/** Parses a JSON object whose values are integers. Throws when a value is not one. */
function readPrices(json: unknown): TierPrices {
	const parsed: unknown = JSON.parse(readText(json));
	return Object.fromEntries(Object.entries(Object(parsed)).map(([tier, amount]) => [tier, readInteger(amount)]));
}
