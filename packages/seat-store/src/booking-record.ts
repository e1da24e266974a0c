/**
 * How a booking is written in Redis: one JSON object whose values are all text, the same in its record (`{bN}:bk:<id>`) and in
 * an outbox entry. Why text, and why JSON: docs/adr/0014.
 */
import { BOOKING_STATES, type Booking, type BookingId, parseSeatPlanId, parseShowtimeId, parseUserId, sumOf } from "@holdfast/domain";
import { readInteger } from "./reply.ts";

export const formatSeats = (seats: readonly number[]): string => seats.join(",");
export const parseSeats = (list: string): number[] => list.split(",").map(readInteger);

/** `parse` gives `undefined` where the text is no such value, `format` for what is left out. */
type Field<T> = {
	readonly parse: (text: string | undefined) => T | undefined;
	readonly format: (value: T) => string | undefined;
};

const TEXT: Field<string> = { parse: (text) => text, format: (value) => value };
const INTEGER: Field<number> = { parse: parseInteger, format: String };
const INTEGERS: Field<readonly number[]> = { parse: parseIntegers, format: (values) => values.join(",") };
const FLAG: Field<boolean> = oneOf([false, true], (value) => (value ? "1" : "0"));

/** Number("") is 0, and a text that is missing must not pass for that. */
function parseInteger(text = ""): number | undefined {
	const value = text === "" ? Number.NaN : Number(text);
	return Number.isSafeInteger(value) ? value : undefined;
}

function parseIntegers(text = ""): number[] | undefined {
	const parts = text.split(",");
	const values = parts.map(parseInteger).filter((value) => value !== undefined);
	return values.length === parts.length ? values : undefined;
}

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
const FIELD_LIST = Object.entries(FIELDS);
const FIELD_NAMES = Object.keys(FIELDS) as FieldName[];
const formatField = <Name extends FieldName>(name: Name, booking: Booking) => FIELDS[name].format(booking[name]);

/** The booking that this text is the record of. Throws when a field is missing or makes no sense. */
export function parseBooking(id: BookingId, text: string): Booking {
	const record = parseRecord(id, text);
	const parsed: Record<string, unknown> = { id };
	for (const [name, field] of FIELD_LIST) {
		const value = field.parse(readText(record[name]));
		if (value === undefined) throw unreadable(id, `has no ${name}, or none that makes sense: ${record[name]}`);
		parsed[name] = value;
	}
	const booking = parsed as Booking;
	if (booking.amounts.length !== booking.seats.length) throw unreadable(id, "does not have one amount per seat");
	if (sumOf(booking.amounts) !== booking.amount) throw unreadable(id, "has amounts that do not add up to what it costs");
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
	if (typeof record !== "object" || record === null) throw unreadable(id, "is not a JSON object");
	return record as Record<string, unknown>;
}

const readText = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** Not `assert`, which would be given a message for each field of each record that is read. */
const unreadable = (id: BookingId, what: string): Error => new Error(`broken invariant: the record of booking ${id} ${what}`);
