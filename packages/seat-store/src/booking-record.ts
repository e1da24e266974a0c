/**
 * Reads and writes a booking as Redis stores it: one JSON object whose values are all strings. A record (`{bN}:bk:<id>`) and an
 * outbox entry use the same format. docs/adr/0014 explains why strings, and why JSON.
 */
import { BOOKING_STATES, type Booking, type BookingId, parseSeatPlanId, parseShowtimeId, parseUserId, sumOf } from "@holdfast/domain";
import { readInteger } from "./reply.ts";

/** Formats seat indexes as `3,4,5`. */
export const formatSeats = (seats: readonly number[]): string => seats.join(",");
/** Parses seat indexes from `3,4,5`. Throws when an item is not an integer. */
export const parseSeats = (list: string): number[] => list.split(",").map(readInteger);

/**
 * How one field is read and written. `parse` returns `undefined` for an invalid value; `format` returns `undefined` for a value
 * that the record leaves out.
 */
type Field<T> = {
	readonly parse: (text: string | undefined) => T | undefined;
	readonly format: (value: T) => string | undefined;
};

const TEXT: Field<string> = { parse: (text) => text, format: (value) => value };
const INTEGER: Field<number> = { parse: parseInteger, format: String };
const INTEGERS: Field<readonly number[]> = { parse: parseIntegers, format: (values) => values.join(",") };
const FLAG: Field<boolean> = oneOf([false, true], (value) => (value ? "1" : "0"));

/** `Number("")` is 0, so an empty or missing text is rejected before the conversion. */
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

/** A field that may be missing from the record; missing means `null`. */
function optional<T>({ parse, format }: Field<T>): Field<T | null> {
	return {
		parse: (text) => (text === undefined ? null : parse(text)),
		format: (value) => (value === null ? undefined : format(value)),
	};
}

/**
 * Every field of a booking except its id, which is part of the key. A new field needs an entry here and one in the domain's
 * `Booking`.
 */
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

/**
 * Parses the record of a booking. Throws when a field is missing or invalid, when there is not one amount per seat, or when the
 * amounts do not add up to the total.
 */
export function parseBooking(id: BookingId, text: string): Booking {
	const record = parseRecord(id, text);
	const parsed: Record<string, unknown> = { id };
	for (const [name, field] of FIELD_LIST) {
		const value = field.parse(readText(record[name]));
		if (value === undefined) throw unreadable(id, `has a missing or invalid ${name}: ${record[name]}`);
		parsed[name] = value;
	}
	const booking = parsed as Booking;
	if (booking.amounts.length !== booking.seats.length) throw unreadable(id, "does not have one amount per seat");
	if (sumOf(booking.amounts) !== booking.amount) throw unreadable(id, "has seat amounts that do not add up to its total amount");
	return booking;
}

/** Formats a booking as a record, exactly as the scripts write it. */
export function formatBooking(booking: Booking): string {
	return JSON.stringify(Object.fromEntries(FIELD_NAMES.map((name) => [name, formatField(name, booking)])));
}

/**
 * Returns the idempotency key that the hold was placed with, or null if it had none. The record keeps the key until the hold is
 * confirmed. `Booking` does not contain it. Throws when the text is not a JSON object.
 */
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

/** `assert` would build its message for every field of every record that is read. This function runs only for an unreadable record. */
const unreadable = (id: BookingId, what: string): Error => new Error(`broken invariant: the record of booking ${id} ${what}`);
