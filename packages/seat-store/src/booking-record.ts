/**
 * How a booking is written in Redis: one JSON object whose values are all text, the same in its record (`{bN}:bk:<id>`) and in
 * an outbox entry. Why text, and why JSON: docs/adr/0014.
 */
import { BOOKING_STATES, type Booking, type BookingId, parseSeatPlanId, parseShowtimeId, parseUserId, sumOf } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { readInteger } from "./reply.ts";

export const formatSeats = (seats: readonly number[]): string => seats.join(",");
export const parseSeats = (list: string): number[] => list.split(",").map(readInteger);

/** `parse` gives `undefined`, or throws, where the text is no such value; `format` gives `undefined` for what is left out. */
type Field<T> = {
	readonly parse: (text: string | undefined) => T | undefined;
	readonly format: (value: T) => string | undefined;
};

const TEXT: Field<string> = { parse: (text) => text, format: (value) => value };
const INTEGER: Field<number> = { parse: readInteger, format: String };
const INTEGERS: Field<readonly number[]> = { parse: (text = "") => parseSeats(text), format: formatSeats };
const FLAG: Field<boolean> = oneOf([false, true], (value) => (value ? "1" : "0"));

function idOf<Id extends string>(parse: (text: string) => Id | null): Field<Id> {
	return { parse: (text = "") => parse(text) ?? undefined, format: String };
}

function oneOf<T extends string | boolean>(values: readonly T[], format: (value: T) => string = String): Field<T> {
	return { parse: (text) => values.find((value) => format(value) === text), format };
}

/** Null for a booking that has no such field. */
function optional<T>({ parse, format }: Field<T>): Field<T | null> {
	return {
		parse: (text) => (text === undefined ? null : parse(text)),
		format: (value) => (value === null ? undefined : format(value)),
	};
}

/** Every field of a booking but its id, which is in the key. A new one is a line here and one in the domain's `Booking`. */
const FIELDS: { readonly [Name in Exclude<keyof Booking, "id">]: Field<Booking[Name]> } = {
	userId: idOf(parseUserId),
	showtimeId: idOf(parseShowtimeId),
	planId: idOf(parseSeatPlanId),
	seats: INTEGERS,
	amounts: INTEGERS,
	state: oneOf(BOOKING_STATES),
	version: INTEGER,
	amount: INTEGER,
	currency: TEXT,
	createdAt: INTEGER,
	expiresAt: INTEGER,
	confirmedAt: optional(INTEGER),
	cancelledAt: optional(INTEGER),
	recorded: FLAG,
	scheduleVersion: INTEGER,
};
type FieldName = keyof typeof FIELDS;
const FIELD_NAMES = Object.keys(FIELDS) as FieldName[];
const formatField = <Name extends FieldName>(name: Name, booking: Booking) => FIELDS[name].format(booking[name]);

/** The booking that this text is the record of. Throws when a field is missing or makes no sense. */
export function parseBooking(id: BookingId, text: string): Booking {
	const record = parseRecord(id, text);
	const parsed: Record<string, unknown> = { id };
	for (const name of FIELD_NAMES) parsed[name] = FIELDS[name].parse(readText(record[name]));
	const bad = FIELD_NAMES.find((name) => parsed[name] === undefined);
	assert(bad === undefined, `the ${bad} of booking ${id} is missing or makes no sense`);
	const booking = parsed as Booking;
	assert(booking.amounts.length === booking.seats.length, `booking ${id} does not have one amount per seat`);
	assert(sumOf(booking.amounts) === booking.amount, `the amounts of booking ${id} do not add up to what it costs`);
	return booking;
}

/** The record of a booking, as the scripts write it. */
export function formatBooking(booking: Booking): string {
	return JSON.stringify(Object.fromEntries(FIELD_NAMES.map((name) => [name, formatField(name, booking)])));
}

/** What the hold was placed with; null for none. The record has it until the hold is confirmed, the booking does not. */
export function readIdempotencyKey(id: BookingId, text: string): string | null {
	return readText(parseRecord(id, text).idempotencyKey) ?? null;
}

function parseRecord(id: BookingId, text: string): Readonly<Record<string, unknown>> {
	let record: unknown;
	try {
		record = JSON.parse(text);
	} catch {
		record = null;
	}
	assert(typeof record === "object" && record !== null, `the record of booking ${id} is not a JSON object`);
	return record as Record<string, unknown>;
}

const readText = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
